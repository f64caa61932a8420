//! Providers over TLS: a private authority is trusted where it is configured, and nowhere else.

use crate::support::Act;
use crate::support::Gateway;
use crate::support::H2Vendor;
use crate::support::MODEL;
use crate::support::Reply;
use crate::support::ask;
use crate::support::ask_with;
use crate::support::chat_body;
use crate::support::config;
use crate::support::provider;
use crate::support::provider_with;
use crate::support::tls_vendor;
use std::net::TcpListener;
use std::path::Path;

fn trusting(ca: &Path) -> String {
    format!("ca_file: '{}'", ca.display())
}

#[tokio::test]
async fn a_private_authority_is_trusted_over_both_versions_of_http() {
    let old = tls_vendor(|_, request| Reply::answer(request, "HTTP/1.1"));
    let new = H2Vendor::start_tls(|_, _| Act::Answer("HTTP/2".to_owned()));
    let providers = [
        provider_with("old", old.base_url(), &trusting(old.ca_pem())),
        provider_with("new", new.base_url(), &trusting(new.ca_pem())),
        provider_with("plain", old.base_url(), &format!("http2: false, {}", trusting(old.ca_pem()))),
    ];
    let gateway = Gateway::start(&config("", &providers));
    for (model, text) in [("old/m", "HTTP/1.1"), ("new/m", "HTTP/2"), ("plain/m", "HTTP/1.1")] {
        for stream in [false, true, false] {
            let answer = ask(&gateway, &chat_body(model, stream)).await;
            assert_eq!((answer.status, answer.text().as_str(), answer.attempts()), (200, text, 1));
        }
    }
    assert_eq!(new.requests().iter().map(|request| request.connection).max(), Some(0), "it is kept");
    assert!(new.requests().iter().all(|request| request.header(":scheme") == Some("https")));
}

#[tokio::test]
async fn nobody_is_trusted_who_cannot_show_that_he_is_meant() {
    let vendor = tls_vendor(|_, request| Reply::answer(request, "never"));
    let stranger = tls_vendor(|_, _| Reply::silent());
    let by_address = vendor.base_url().replace("localhost", "127.0.0.1");
    let table = [
        ("public authorities only", provider("p", vendor.base_url())),
        ("another authority", provider_with("p", vendor.base_url(), &trusting(stranger.ca_pem()))),
        ("another name", provider_with("p", &by_address, &trusting(vendor.ca_pem()))),
    ];
    for (what, line) in table {
        let gateway = Gateway::start(&config("", &[line]));
        let answer = ask_with(&gateway, &chat_body(MODEL, false), &[("x-request-id", "tls")]).await;
        assert_eq!((answer.status, answer.attempts()), (503, 1), "{what}");
        assert_eq!(gateway.access_line("tls").await["attempts"][0]["outcome"], "tls", "{what}");
    }
    assert_eq!(vendor.vendor.count(), 0, "not a byte of a request was sent");
}

#[tokio::test]
async fn a_connection_of_one_that_trusts_is_not_used_by_one_that_does_not() {
    for http2 in [false, true] {
        let old = tls_vendor(|_, request| Reply::answer(request, "trusted"));
        let new = H2Vendor::start_tls(|_, _| Act::Answer("trusted".to_owned()));
        let (url, ca) = match http2 {
            true => (new.base_url(), new.ca_pem()),
            false => (old.base_url(), old.ca_pem()),
        };
        let providers = [provider_with("trusting", url, &trusting(ca)), provider("wary", url)];
        let gateway = Gateway::start(&config("", &providers));
        let off = [("x-failover", "off")];
        assert_eq!(ask_with(&gateway, &chat_body("trusting/m", false), &off).await.status, 200);
        assert_eq!(ask_with(&gateway, &chat_body("wary/m", false), &off).await.status, 503);
    }
}

#[tokio::test]
async fn a_handshake_that_never_ends_is_left_in_time() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("https://{}", silent.local_addr().unwrap());
    let good = tls_vendor(|_, request| Reply::answer(request, "good"));
    let good_line = provider_with("good", good.base_url(), &trusting(good.ca_pem()));
    let gateway = Gateway::start(&config("connect: 1s, ", &[provider("silent", &url), good_line]));
    let answer = ask(&gateway, &chat_body(MODEL, false)).await;
    assert_eq!((answer.status, answer.attempts(), answer.provider()), (200, 2, Some("good")));
}
