//! Whole numbers as digits, without the machinery of `format!`: several stand in every answer and every line.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_written_as_format_writes_it() {
        for number in [0, 9, 10, 255, 1000, u64::MAX] {
            let mut text = b"n=".to_vec();
            decimal(&mut text, number);
            assert_eq!(String::from_utf8(text).unwrap(), format!("n={number}"));
        }
    }
}
