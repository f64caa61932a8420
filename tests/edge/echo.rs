//! A server that says what it was asked.

use axum::Router;
use axum::body::Body;
use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::Response;
use serde_json::Value;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::Mutex;

/// A server on a port of its own; it ends with the test's runtime.
pub struct Echo {
    pub address: SocketAddr,
    /// Request lines, in the order they came in.
    pub asked: Arc<Mutex<Vec<String>>>,
}

impl Echo {
    /// `name` stands in every answer, to tell servers apart.
    pub async fn start(name: &'static str) -> Echo {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(Vec::new())));
        let seen = asked.clone();
        let app = Router::new().fallback(move |request: Request| answer(name, seen.clone(), request));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Echo { address, asked }
    }

    pub fn count(&self) -> usize {
        self.asked.lock().unwrap().len()
    }
}

async fn answer(name: &str, seen: Arc<Mutex<Vec<String>>>, request: Request) -> Response<Body> {
    let line = format!("{} {}", request.method(), request.uri());
    seen.lock().unwrap().push(line.clone());
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
        .collect();
    let status =
        request.headers().get("x-status").map_or(200, |value| value.to_str().unwrap().parse().unwrap());
    let body = to_bytes(request.into_body(), usize::MAX).await.map_or(0, |body| body.len());
    let told = json!({ "server": name, "line": line, "headers": headers, "body": body });
    let answer = Response::builder().status(status).header("content-type", "application/json");
    answer.header("x-server", name).body(Body::from(told.to_string())).unwrap()
}

/// The values of a header that the server was told.
pub fn told(answer: &Value, name: &str) -> Vec<String> {
    let headers = answer["headers"].as_array().unwrap().iter();
    let named = headers.filter(|header| header[0] == name);
    named.map(|header| header[1].as_str().unwrap().to_owned()).collect()
}
