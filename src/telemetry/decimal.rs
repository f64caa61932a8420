//! Whole numbers as digits, and addresses, without the machinery of `format!`: several stand in every answer and every
//! line.

use std::net::IpAddr;
use std::net::SocketAddr;

/// Appends `number`.
pub fn decimal(text: &mut Vec<u8>, mut number: u64) {
    let mut digits = [0; 20];
    let mut first = digits.len();
    loop {
        first -= 1;
        digits[first] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[first..]);
}

/// Appends an address, as `format!` would; nearly all are of version 4.
pub fn ip(text: &mut Vec<u8>, address: IpAddr) {
    match address {
        IpAddr::V4(address) => {
            for (at, part) in address.octets().into_iter().enumerate() {
                if at > 0 {
                    text.push(b'.');
                }
                decimal(text, part.into());
            }
        }
        IpAddr::V6(address) => text.extend_from_slice(address.to_string().as_bytes()),
    }
}

/// Appends an address and its port, as `format!` would.
pub fn socket(text: &mut Vec<u8>, address: SocketAddr) {
    match address {
        SocketAddr::V4(address) => {
            ip(text, (*address.ip()).into());
            text.push(b':');
            decimal(text, address.port().into());
        }
        SocketAddr::V6(address) => text.extend_from_slice(address.to_string().as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_written_as_format_writes_it() {
        for written in ["0.0.0.0:0", "192.0.2.7:65535", "[::1]:80", "[2001:db8::7%3]:443"] {
            let (address, mut text) = (written.parse::<SocketAddr>().unwrap(), Vec::new());
            socket(&mut text, address);
            text.push(b' ');
            ip(&mut text, address.ip());
            assert_eq!(String::from_utf8(text).unwrap(), format!("{address} {}", address.ip()));
        }
    }

    #[test]
    fn a_number_is_written_as_format_writes_it() {
        for number in [0, 9, 10, 255, 1000, u64::MAX] {
            let mut text = b"n=".to_vec();
            decimal(&mut text, number);
            assert_eq!(String::from_utf8(text).unwrap(), format!("n={number}"));
        }
    }
}
