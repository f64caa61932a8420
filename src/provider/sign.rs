//! AWS's signatures (vendors.md §8.3): one request and the time become the headers that prove who asks.

use aws_credential_types::Credentials as AwsCredentials;
use aws_sigv4::http_request::SignableBody;
use aws_sigv4::http_request::SignableRequest;
use aws_sigv4::http_request::SigningSettings;
use aws_sigv4::http_request::sign as sign_request;
use aws_sigv4::sign::v4::SigningParams;
use std::fmt;
use std::time::Duration;
use std::time::SystemTime;
use std::time::UNIX_EPOCH;

/// An access key of AWS. It never shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    id: String,
    secret: String,
    session: Option<String>,
}

/// Where a signature counts.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub region: &'a str,
    pub service: &'a str,
}

/// What is signed. Headers that the gateway adds later are not part of it.
#[derive(Clone, Copy, Debug)]
pub struct Call<'a> {
    pub method: &'a str,
    /// The `Host` header.
    pub host: &'a str,
    /// With the query, as it is sent.
    pub path: &'a str,
    /// Of the headers that are sent, those the signature covers.
    pub headers: &'a [(&'a str, &'a str)],
    pub body: &'a [u8],
}

/// A request that cannot be signed: its path or a header holds what no request may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed; its path or one of its headers is not well formed")]
pub struct Unsignable;

impl Credentials {
    /// Reads `ACCESS_KEY_ID:SECRET` or `ACCESS_KEY_ID:SECRET:SESSION_TOKEN`; `None` for a key of another form.
    pub fn read(key: &str) -> Option<Credentials> {
        let mut parts = key.splitn(3, ':');
        let (id, secret) = (parts.next()?, parts.next()?);
        let session = parts.next().filter(|session| !session.is_empty()).map(str::to_owned);
        let whole = !id.is_empty() && !secret.is_empty();
        whole.then(|| Credentials { id: id.to_owned(), secret: secret.to_owned(), session })
    }

    /// The parts that must not be seen.
    pub fn secrets(&self) -> impl Iterator<Item = &str> {
        std::iter::once(self.secret.as_str()).chain(self.session.as_deref())
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// The headers that sign `call`, for a few minutes around the time `since_epoch`.
///
/// # Errors
/// [`Unsignable`] when the call is no request.
pub fn sign(
    credentials: &Credentials,
    scope: Scope<'_>,
    call: &Call<'_>,
    since_epoch: Duration,
) -> Result<Vec<(String, String)>, Unsignable> {
    let Credentials { id, secret, session } = credentials.clone();
    let identity = AwsCredentials::new(id, secret, session, None, "tollgate").into();
    let time: SystemTime = UNIX_EPOCH.checked_add(since_epoch).unwrap_or(UNIX_EPOCH);
    let params = SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(time)
        .settings(SigningSettings::default())
        .build()
        .map_err(|_| Unsignable)?
        .into();
    let url = format!("https://{}{}", call.host, call.path);
    let headers = std::iter::once(("host", call.host)).chain(call.headers.iter().copied());
    let request = SignableRequest::new(call.method, url, headers, SignableBody::Bytes(call.body))
        .map_err(|_| Unsignable)?;
    let (instructions, _) = sign_request(request, &params).map_err(|_| Unsignable)?.into_parts();
    let signed = instructions.headers().map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()));
    Ok(signed.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of AWS's own documentation: 2015-08-30T12:36:00Z.
    const TIME: Duration = Duration::from_secs(1_440_938_160);
    const KEY: &str = "AKIDEXAMPLE:wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";

    fn signed(key: &str, scope: Scope<'_>, call: &Call<'_>) -> Vec<(String, String)> {
        sign(&Credentials::read(key).unwrap(), scope, call, TIME).unwrap()
    }

    fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
        headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    #[test]
    fn the_signature_is_the_one_in_awss_test_suite() {
        let call = Call { method: "GET", host: "example.amazonaws.com", path: "/", headers: &[], body: b"" };
        let headers = signed(KEY, Scope { region: "us-east-1", service: "service" }, &call);
        let expected = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
            SignedHeaders=host;x-amz-date, \
            Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31";
        assert_eq!(header(&headers, "authorization"), Some(expected));
        assert_eq!(header(&headers, "x-amz-date"), Some("20150830T123600Z"));
    }

    #[test]
    fn the_name_of_a_model_is_encoded_twice() {
        let call = Call {
            method: "POST",
            host: "bedrock-runtime.eu-west-1.amazonaws.com",
            path: "/model/us.anthropic.claude-v1%3A0/converse",
            headers: &[("content-type", "application/json")],
            body: b"{}",
        };
        let key = format!("{KEY}:TOKEN/+=");
        let headers = signed(&key, Scope { region: "eu-west-1", service: "bedrock" }, &call);
        let authorization = header(&headers, "authorization").unwrap();
        assert!(authorization.contains("SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, "));
        assert!(
            authorization
                .ends_with("Signature=1ae3b362b5171c297a3f0bcbcd5b00387ad1211e9a89d8136b1d79ab755d7dd2"),
            "{authorization}"
        );
        assert_eq!(header(&headers, "x-amz-security-token"), Some("TOKEN/+="));
    }

    #[test]
    fn keys_of_other_forms_are_none_of_these() {
        assert!(Credentials::read("a:b").is_some() && Credentials::read("a:b:c:d").is_some());
        for key in ["", "bedrock-api-key-abc", ":b", "a:"] {
            assert_eq!(Credentials::read(key), None, "{key}");
        }
        let credentials = Credentials::read("id:secret:token").unwrap();
        assert_eq!(format!("{credentials:?}"), "***");
        assert_eq!(credentials.secrets().collect::<Vec<_>>(), ["secret", "token"]);
    }

    #[test]
    fn what_is_no_request_is_not_signed() {
        let call = Call { method: "GET", host: "a b", path: "/", headers: &[], body: b"" };
        let credentials = Credentials::read(KEY).unwrap();
        assert_eq!(sign(&credentials, Scope { region: "r", service: "s" }, &call, TIME), Err(Unsignable));
    }
}
