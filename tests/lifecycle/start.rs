//! What stands in the way of a start, told in one clear sentence; and what does not.

use crate::KEY;
use crate::status;
use crate::support::Home;
use crate::support::Reply;
use crate::support::Vendor;
use crate::support::client;
use crate::yaml;
use std::fs;
use std::net::TcpListener;
use std::process::Output;

fn fails_with(output: &Output, parts: &[&str]) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    for part in parts {
        assert!(said.contains(part), "`{part}` is not in {said}");
    }
    assert!(!said.contains("panicked"), "{said}");
}

#[test]
fn an_address_that_is_taken() {
    for setting in ["listen", "admin.listen"] {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        let place = if setting == "listen" { "'{listen}'" } else { "'{admin}'" };
        let home =
            Home::with(&yaml("http://127.0.0.1:1", "first", "").replace(place, &format!("'{address}'")));
        let output = home.run(&["run"], &[]);
        fails_with(&output, &[&format!("cannot listen on {address}: "), &format!("or change `{setting}`")]);
        assert!(output.stdout.is_empty(), "a gateway that does not start greets nobody");
        assert!(!home.data_dir().exists(), "keys were made that nobody saw");
    }
}

#[test]
fn a_data_directory_that_cannot_be_written() {
    let home = Home::with(&yaml("http://127.0.0.1:1", "first", ""));
    // A file stands where the folder should: not even root can write below it.
    fs::write(home.path("occupied"), "").unwrap();
    let output = home.run(&["run"], &[("GATEWAY_DATA_DIR", "occupied/data")]);
    fails_with(
        &output,
        &["cannot write to `occupied/data/spool`: ", "make it writable, or choose another `data_dir`"],
    );
    assert!(output.stdout.is_empty(), "keys were shown that are not kept");
}

#[test]
fn keys_that_were_damaged() {
    let home = Home::with(&yaml("http://127.0.0.1:1", "first", ""));
    fs::create_dir(home.data_dir()).unwrap();
    fs::write(home.data_dir().join("keys.json"), "{").unwrap();
    fails_with(&home.run(&["run"], &[]), &["keys.json` is damaged: ", "remove it to have new keys made"]);
}

#[test]
fn files_that_are_not_what_they_should_be() {
    let with = |name: &str, text: &str, more: &str| {
        let home = Home::with(&yaml("https://localhost:1", "first", ""));
        fs::write(home.path(name), text).unwrap();
        let listen = "listen: [ { address: '{listen}' } ]";
        let text = yaml("https://localhost:1", "first", "");
        home.rewrite(&match more.starts_with("tls") {
            true => text.replace(listen, &format!("listen: [ {{ address: '{{listen}}', {more} }} ]")),
            false => text.replace("check: false }", &format!("check: false, {more} }}")),
        });
        home
    };
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let other = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let pair = format!("{}{}", own.cert.pem(), other.signing_key.serialize_pem());
    let whole = format!("{}{}", own.cert.pem(), own.signing_key.serialize_pem());
    let authorities = "tls: { cert: a.pem, key: a.pem, client_ca: tollgate.yaml }";
    let tls = "tls: { cert: a.pem, key: a.pem }";
    for (text, more, said) in [
        ("no PEM", tls, "cannot use the certificate `a.pem` with the key `a.pem`: no certificate or no key"),
        (pair.as_str(), tls, "cannot use the certificate `a.pem` with the key `a.pem`: "),
        (
            whole.as_str(),
            authorities,
            "cannot use the authorities in `tollgate.yaml` for clients: no certificate",
        ),
        ("no PEM", "ca_file: a.pem", "providers.only: `ca_file` a.pem holds no certificate"),
        ("", "headers: { \"X\\u0001Y\": z }", "only"),
    ] {
        let home = with("a.pem", text, more);
        for command in ["run", "check"] {
            fails_with(&home.run(&[command], &[]), &[said]);
        }
    }
}

#[tokio::test]
async fn a_certificate_and_its_key_are_served() {
    let own = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let port = crate::support::free_port();
    let both = format!(
        "listen: [ {{ address: '{{listen}}' }}, {{ address: '127.0.0.1:{port}', tls: {{ cert: a.pem, key: b.pem }} }} ]"
    );
    let mut home = Home::with(
        &yaml(vendor.base_url(), "first", "").replace("listen: [ { address: '{listen}' } ]", &both),
    );
    fs::write(home.path("a.pem"), own.cert.pem()).unwrap();
    fs::write(home.path("b.pem"), own.signing_key.serialize_pem()).unwrap();
    let _program = home.serve(&[]).await;
    // What speaks TLS here is told apart from what does not by its first byte: an alert, not HTTP.
    let answer = crate::support::raw_http(("127.0.0.1", port), b"GET /ready HTTP/1.1\r\nhost: x\r\n\r\n");
    assert_eq!(answer.first(), Some(&0x15), "{answer:?}");
}

#[tokio::test]
async fn a_provider_whose_name_does_not_resolve_stands_in_nobodys_way() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let text = yaml(vendor.base_url(), "first", "").replace(
        "providers: {",
        "providers: { lost: { kind: openai_compatible, base_url: 'https://no-such-host.invalid/v1' },",
    );
    let mut home = Home::with(&text.replace("models: {", "models: { lost: lost/m,"));
    let program = home.serve(&[]).await;
    assert_eq!(status(&home, "first").await, 200);
    assert_eq!(status(&home, "lost").await, 503);
    let line = program.logged("name not resolved", 1).await.remove(0);
    assert!(line.contains("no-such-host.invalid") && line.contains("\"provider\":\"lost\""), "{line}");
}

#[tokio::test]
async fn an_admin_listener_that_is_off_is_not_opened() {
    let vendor = Vendor::start(|_, _| Reply::chat("hello"));
    let mut home = Home::with(&yaml(vendor.base_url(), "first", "").replace("'{admin}'", "'off'"));
    let _program = home.serve(&[]).await;
    assert_eq!(status(&home, "first").await, 200);
    let refused = client().get(home.admin_url("/metrics")).bearer_auth(KEY).send().await;
    assert!(refused.is_err_and(|error| error.is_connect()));
}
