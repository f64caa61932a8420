//! The PROXY protocol: a line or a few bytes in front of a connection, in which a proxy says whom it speaks for.
//!
//! Versions 1 and 2 of the HAProxy specification. Not a byte behind the header is asked for: what follows belongs to
//! somebody else.

use std::net::IpAddr;
use std::net::Ipv4Addr;
use std::net::Ipv6Addr;
use std::net::SocketAddr;

/// Longer headers are refused: what proxies add to addresses is a few hundred bytes.
pub const MOST: usize = 4096;

const V1: &[u8] = b"PROXY ";
/// With its line end.
const V1_MOST: usize = 107;
const V2: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const V2_FIXED: usize = 16;

/// Whom a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// The proxy itself: it asks whether we are there, or does not say.
    ForItself,
    For(SocketAddr),
}

/// What the bytes so far come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// At least so many bytes more belong to the header.
    More(usize),
    Whole(Spoken),
}

/// What came is no header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no PROXY header, or a damaged one")]
pub struct NotSpoken;

/// Reads a header as far as it has come.
///
/// # Errors
/// [`NotSpoken`] as soon as it cannot become one.
pub fn read(bytes: &[u8]) -> Result<Progress, NotSpoken> {
    let begins = |with: &[u8]| bytes.iter().zip(with).all(|(a, b)| a == b);
    match bytes.len() {
        // Either version is longer than the signature of the second.
        length if length < V2.len() && (begins(V1) || begins(V2)) => Ok(Progress::More(V2.len() - length)),
        _ if begins(V2) => version_2(bytes),
        _ if begins(V1) => version_1(bytes),
        _ => Err(NotSpoken),
    }
}

fn version_1(bytes: &[u8]) -> Result<Progress, NotSpoken> {
    match bytes.strip_suffix(b"\r\n") {
        Some(line) => {
            let line = std::str::from_utf8(line).map_err(|_| NotSpoken)?;
            line.strip_prefix("PROXY ").and_then(said).map(Progress::Whole).ok_or(NotSpoken)
        }
        None if bytes.len() < V1_MOST && !bytes.contains(&b'\n') => Ok(Progress::More(1)),
        None => Err(NotSpoken),
    }
}

/// `TCP4 192.0.2.1 192.0.2.2 56324 443`
fn said(line: &str) -> Option<Spoken> {
    let mut words = line.split(' ');
    let family = words.next()?;
    if family == "UNKNOWN" {
        return Some(Spoken::ForItself);
    }
    let [from, to] = [words.next()?, words.next()?].map(|word| word.parse::<IpAddr>().ok());
    let [port, of_ours] = [words.next()?, words.next()?].map(port);
    let (from, to, port, _, None) = (from?, to?, port?, of_ours?, words.next()) else { return None };
    let fits = match family {
        "TCP4" => from.is_ipv4() && to.is_ipv4(),
        "TCP6" => from.is_ipv6() && to.is_ipv6(),
        _ => false,
    };
    fits.then(|| spoken(from, port))
}

fn port(word: &str) -> Option<u16> {
    let plain = word.bytes().all(|sign| sign.is_ascii_digit()) && (word == "0" || !word.starts_with('0'));
    if plain { word.parse().ok() } else { None }
}

fn version_2(bytes: &[u8]) -> Result<Progress, NotSpoken> {
    let Some(fixed) = bytes.first_chunk::<V2_FIXED>() else {
        return Ok(Progress::More(V2_FIXED - bytes.len()));
    };
    let [.., command, family, high, low] = *fixed;
    let whole = V2_FIXED + usize::from(u16::from_be_bytes([high, low]));
    if whole > MOST || !matches!(command, 0x20 | 0x21) {
        return Err(NotSpoken);
    }
    let Some(rest) = bytes.get(V2_FIXED..whole) else {
        return Ok(Progress::More(whole - bytes.len()));
    };
    if bytes.len() > whole {
        return Err(NotSpoken);
    }
    let spoken = match (command, family) {
        (0x21, 0x11) => inet::<4, 12>(rest, |octets| Ipv4Addr::from(octets).into()).ok_or(NotSpoken)?,
        (0x21, 0x21) => inet::<16, 36>(rest, |octets| Ipv6Addr::from(octets).into()).ok_or(NotSpoken)?,
        // Its own check of us, or a kind of address that no client of ours has.
        _ => Spoken::ForItself,
    };
    Ok(Progress::Whole(spoken))
}

/// Both addresses, then both ports; whatever may follow is not for us.
fn inet<const OCTETS: usize, const ALL: usize>(
    rest: &[u8],
    address: impl Fn([u8; OCTETS]) -> IpAddr,
) -> Option<Spoken> {
    let block = rest.first_chunk::<ALL>()?;
    let from = block.first_chunk::<OCTETS>()?;
    let port = block.get(2 * OCTETS..)?.first_chunk::<2>()?;
    Some(spoken(address(*from), u16::from_be_bytes(*port)))
}

fn spoken(address: IpAddr, port: u16) -> Spoken {
    Spoken::For(SocketAddr::new(address.to_canonical(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Feeds a header as it is asked for; how many bytes were taken, and what it said.
    fn fed(bytes: &[u8]) -> Result<Option<(usize, Spoken)>, NotSpoken> {
        let mut taken = 0;
        loop {
            match read(&bytes[..taken])? {
                Progress::Whole(spoken) => return Ok(Some((taken, spoken))),
                Progress::More(more) => {
                    assert!(more > 0, "nothing asked for");
                    taken += more;
                    assert!(taken <= MOST);
                }
            }
            if taken > bytes.len() {
                return Ok(None);
            }
        }
    }

    fn v2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = (rest.len() as u16).to_be_bytes();
        [V2.as_slice(), &[command, family], &length, rest].concat()
    }

    fn of(address: &str) -> Spoken {
        Spoken::For(address.parse().unwrap())
    }

    #[test]
    fn headers_of_both_versions_are_read_to_their_end_and_no_further() {
        let v4 = [1, 2, 3, 4, 9, 9, 9, 9, 0x1f, 0x90, 0, 80];
        let mapped =
            [&[0; 10][..], &[0xff, 0xff, 1, 2, 3, 4], &[0; 16], &[0, 7, 0, 80], b"more of it"].concat();
        for (header, said) in [
            (b"PROXY TCP4 1.2.3.4 9.9.9.9 8080 80\r\n".to_vec(), of("1.2.3.4:8080")),
            (b"PROXY TCP6 2001:db8::1 ::1 65535 0\r\n".to_vec(), of("[2001:db8::1]:65535")),
            (b"PROXY UNKNOWN\r\n".to_vec(), Spoken::ForItself),
            (b"PROXY UNKNOWN ffff::1 whatever 1 2\r\n".to_vec(), Spoken::ForItself),
            (v2(0x21, 0x11, &v4), of("1.2.3.4:8080")),
            (v2(0x21, 0x21, &mapped), of("1.2.3.4:7")),
            (v2(0x20, 0x11, &v4), Spoken::ForItself),
            (v2(0x20, 0, &[]), Spoken::ForItself),
            (v2(0x21, 0x31, &[0; 216]), Spoken::ForItself),
        ] {
            let followed = [&header[..], b"GET / HTTP/1.1\r\n\r\n"].concat();
            assert_eq!(fed(&followed), Ok(Some((header.len(), said))), "{}", header.escape_ascii());
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        for bytes in [
            &b"GET / HTTP/1.1\r\n\r\n"[..],
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 8080\r\n",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 8080 80 1\r\n",
            b"PROXY TCP4 1.2.3.4  9.9.9.9 8080 80\r\n",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 +8080 80\r\n",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 08080 80\r\n",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 80800 80\r\n",
            b"PROXY TCP4 1.2.3.04 9.9.9.9 8080 80\r\n",
            b"PROXY TCP6 1.2.3.4 9.9.9.9 8080 80\r\n",
            b"PROXY UDP4 1.2.3.4 9.9.9.9 8080 80\r\n",
            b"PROXY TCP4 1.2.3.4 9.9.9.9 8080 80\n",
            b"PROXY  UNKNOWN\r\n",
            b"proxy UNKNOWN\r\n",
            &v2(0x11, 0x11, &[0; 12]),
            &v2(0x22, 0x11, &[0; 12]),
            &v2(0x21, 0x11, &[0; 11]),
            &v2(0x21, 0x21, &[0; 35]),
            &v2(0x21, 0x11, &[0; MOST])[..V2_FIXED],
            &[b"PROXY UNKNOWN".as_slice(), &[b'x'; V1_MOST]].concat(),
        ] {
            assert_eq!(fed(bytes), Err(NotSpoken), "{}", bytes.escape_ascii());
        }
    }

    fn header() -> impl Strategy<Value = (Vec<u8>, SocketAddr)> {
        (any::<SocketAddr>(), any::<SocketAddr>(), any::<bool>(), prop::collection::vec(any::<u8>(), 0..200))
            .prop_map(|(from, to, first, more)| {
                let to = if from.is_ipv4() == to.is_ipv4() { to } else { from };
                let family = if from.is_ipv4() { "TCP4" } else { "TCP6" };
                let octets = |ip: IpAddr| match ip {
                    IpAddr::V4(ip) => ip.octets().to_vec(),
                    IpAddr::V6(ip) => ip.octets().to_vec(),
                };
                let header = if first {
                    let [from_port, to_port] = [from.port(), to.port()];
                    format!("PROXY {family} {} {} {from_port} {to_port}\r\n", from.ip(), to.ip()).into_bytes()
                } else {
                    let ports = [from.port().to_be_bytes(), to.port().to_be_bytes()].concat();
                    let rest = [octets(from.ip()), octets(to.ip()), ports, more].concat();
                    v2(0x21, if from.is_ipv4() { 0x11 } else { 0x21 }, &rest)
                };
                (header, SocketAddr::new(from.ip().to_canonical(), from.port()))
            })
    }

    proptest! {
        #[test]
        fn every_address_comes_through((bytes, from) in header()) {
            prop_assert_eq!(fed(&bytes), Ok(Some((bytes.len(), Spoken::For(from)))));
        }

        /// However it is cut, more is asked for until it is whole.
        #[test]
        fn a_part_of_a_header_is_no_damage((bytes, _) in header(), at in 0.0..1.0) {
            let cut = ((bytes.len() as f64) * at) as usize;
            prop_assert!(
                matches!(read(&bytes[..cut]), Ok(Progress::More(more)) if cut + more <= bytes.len()),
                "{:?} of {}", read(&bytes[..cut]), bytes.escape_ascii()
            );
        }

        #[test]
        fn nothing_breaks_it(mut bytes in prop::collection::vec(any::<u8>(), 0..300), begin in 0..3) {
            let begin: &[u8] = [b"", V1, V2.as_slice()][begin as usize];
            bytes.splice(0..0, begin.iter().copied());
            let _ = fed(&bytes);
            for end in 0..bytes.len() {
                let _ = read(&bytes[..end]);
            }
        }
    }
}
