//! Large bodies, and signatures that must survive the way.

use crate::support::Gateway;
use crate::support::client;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::SignableBody;
use aws_sigv4::http_request::SignableRequest;
use aws_sigv4::http_request::SigningSettings;
use aws_sigv4::http_request::sign;
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::response::Response;
use futures_util::StreamExt;
use sha2::Digest;
use sha2::Sha256;
use std::net::SocketAddr;
use std::time::Duration;
use std::time::SystemTime;

const PIECE: usize = 1 << 20;
const PIECES: usize = 1 << 10;

async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

fn gateway(server: SocketAddr) -> Gateway {
    Gateway::start(&format!(
        "routes: [ {{ path: /storage/, cluster: storage, body: 2GiB }} ]
clusters: {{ storage: {{ servers: [ '{server}' ] }} }}\n"
    ))
}

fn pieces() -> Body {
    let piece = |n: usize| Ok::<_, std::io::Error>(bytes::Bytes::from(vec![n as u8; PIECE]));
    Body::from_stream(futures_util::stream::iter((0..PIECES).map(piece)))
}

async fn digest(body: Body) -> String {
    let (mut hasher, mut stream) = (Sha256::new(), body.into_data_stream());
    while let Some(piece) = stream.next().await {
        hasher.update(piece.unwrap());
    }
    hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_gigabyte_goes_up_and_comes_down_in_flat_memory() {
    let upload = |request: Request| async { digest(request.into_body()).await };
    let server = serve(Router::new().fallback(move |request: Request| async move {
        if request.method() == "PUT" {
            upload(request).await.into_response()
        } else {
            pieces().into_response()
        }
    }))
    .await;
    let gateway = gateway(server);
    let patient = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(300)).build().unwrap();
    assert_eq!(client().get(gateway.url("/health")).send().await.unwrap().status(), 200);
    let before = gateway.resident();

    let expected = digest(pieces()).await;
    let body = reqwest::Body::wrap_stream(pieces().into_data_stream());
    let put = patient.put(gateway.url("/storage/a")).body(body).send().await.unwrap();
    assert_eq!((put.status().as_u16(), put.text().await.unwrap()), (200, expected.clone()));

    let got = patient.get(gateway.url("/storage/a")).send().await.unwrap();
    assert_eq!(digest(Body::from_stream(got.bytes_stream())).await, expected);
    let grown = gateway.resident().saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more than before");
}

/// Headers that make a request one of `user` (AWS Signature Version 4).
fn signed(method: &str, uri: &str, headers: &[(&str, &str)], at: SystemTime) -> Vec<(String, String)> {
    let identity = Credentials::new("user", "secret", None, None, "test").into();
    let mut settings = SigningSettings::default();
    // As object storage has it: the path is signed as it is written.
    settings.percent_encoding_mode = aws_sigv4::http_request::PercentEncodingMode::Single;
    settings.uri_path_normalization_mode = aws_sigv4::http_request::UriPathNormalizationMode::Disabled;
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region("here")
        .name("s3")
        .time(at)
        .settings(settings)
        .build()
        .unwrap();
    let request =
        SignableRequest::new(method, uri, headers.iter().copied(), SignableBody::UnsignedPayload).unwrap();
    let (instructions, _) = sign(request, &parameters.into()).unwrap().into_parts();
    instructions.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// Signs what came in once more and compares.
async fn verify(request: Request) -> Response {
    let told = |name: &str| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
    };
    let (host, date, given) = (told("host"), told("x-amz-date"), told("authorization"));
    let path = request.uri().path_and_query().unwrap().as_str();
    let at = time_of(&date);
    let uri = format!("http://{host}{path}");
    let again = signed(request.method().as_str(), &uri, &[("host", &host)], at);
    let expected =
        again.iter().find(|(name, _)| name.eq_ignore_ascii_case("authorization")).unwrap().1.clone();
    match expected == given {
        true => StatusCode::OK.into_response(),
        false => (StatusCode::FORBIDDEN, format!("{given}\n{expected}\n{uri}")).into_response(),
    }
}

/// Such as `20260102T030405Z`.
fn time_of(date: &str) -> SystemTime {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    time::PrimitiveDateTime::parse(date, format).map_or(SystemTime::UNIX_EPOCH, |at| at.assume_utc().into())
}

#[tokio::test(flavor = "multi_thread")]
async fn signed_requests_arrive_as_they_were_signed() {
    let gateway = gateway(serve(Router::new().fallback(verify)).await);
    for path in [
        "/storage/bucket/key",
        "/storage/bucket/a%20key%2Fwith%2Bsigns",
        "/storage/bucket//double//slashes",
        "/storage/bucket/gr%C3%BC%C3%9Fe?prefix=a%2Fb&list-type=2",
        "/storage/?x-id=List",
    ] {
        let uri = gateway.url(path);
        let headers = signed("GET", &uri, &[("host", gateway.address())], SystemTime::now());
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let host = gateway.address();
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{lines}\r\n");
        let address = host.to_owned();
        let answer =
            tokio::task::spawn_blocking(move || crate::support::raw_http(address, request.as_bytes()));
        let answer = String::from_utf8_lossy(&answer.await.unwrap()).into_owned();
        assert!(answer.starts_with("HTTP/1.1 200 "), "{path}: {answer}");
    }
}
