//! The server behind both: it answers with what it was told, and does what its path says.

use std::io::BufRead;
use std::io::BufReader;
use std::io::Read;
use std::io::Write;
use std::net::SocketAddr;
use std::net::TcpListener;
use std::net::TcpStream;

pub struct Upstream {
    pub address: SocketAddr,
}

impl Upstream {
    /// It lives as long as the test program.
    pub fn start() -> Upstream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                std::thread::spawn(move || serve(connection));
            }
        });
        Upstream { address }
    }
}

/// One request after the other, until something is odd.
fn serve(connection: TcpStream) -> Option<()> {
    let mut writer = connection.try_clone().ok()?;
    let mut reader = BufReader::new(connection);
    loop {
        let head = head(&mut reader)?;
        let path = head.first()?.split(' ').nth(1)?.to_owned();
        if path.contains("/ws/") {
            writer
                .write_all(
                    b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
                )
                .ok()?;
            return std::io::copy(&mut reader, &mut writer).ok().map(drop);
        }
        if path.contains("/silent") {
            // Until the proxy has had enough.
            return reader.read(&mut [0]).ok().map(drop);
        }
        let length = body(&mut reader, &head)?;
        let status = path.split("status=").nth(1).and_then(|status| status.parse().ok()).unwrap_or(200);
        writer.write_all(&answer(status, &head, length)).ok()?;
    }
}

fn head(reader: &mut impl BufRead) -> Option<Vec<String>> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => return Some(lines),
            text => lines.push(text.to_owned()),
        }
    }
}

fn body(reader: &mut impl BufRead, head: &[String]) -> Option<usize> {
    let field = |name: &str| {
        head.iter().find_map(|line| {
            line.to_ascii_lowercase().strip_prefix(name).map(|value| value.trim().to_owned())
        })
    };
    if field("transfer-encoding:").is_some() {
        let mut total = 0;
        loop {
            let mut size = String::new();
            reader.read_line(&mut size).ok()?;
            let size = usize::from_str_radix(size.trim(), 16).ok()?;
            reader.read_exact(&mut vec![0; size + 2]).ok()?;
            total += size;
            if size == 0 {
                return Some(total);
            }
        }
    }
    let length = field("content-length:").map_or(Some(0), |length| length.parse().ok())?;
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(length)
}

/// What it was told, without what says how the message is framed: a proxy may frame it anew.
fn answer(status: u16, head: &[String], length: usize) -> Vec<u8> {
    let is_framing = |line: &str| {
        [
            "content-length:",
            "transfer-encoding:",
            "connection:",
            "x-request-id:",
            "x-forwarded-host:",
            "expect:",
        ]
        .iter()
        .any(|name| line.starts_with(name))
    };
    let lowered = |line: &String| match line.split_once(':') {
        Some((name, value)) => format!("{}:{value}", name.to_ascii_lowercase()),
        None => line.clone(),
    };
    let mut fields: Vec<String> = head.iter().skip(1).map(lowered).filter(|line| !is_framing(line)).collect();
    fields.sort();
    let text = format!("{} | {} | {length} bytes", head[0], fields.join(" | "));
    let bodiless = head[0].starts_with("HEAD ") || status == 204 || status == 304;
    let framing = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", text.len()) };
    let head = format!("HTTP/1.1 {status} Whatever\r\nX-Up: yes\r\nX-Up-Secret: s\r\n{framing}\r\n");
    if bodiless { head.into_bytes() } else { (head + &text).into_bytes() }
}
