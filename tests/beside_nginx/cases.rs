//! The table: what is asked, and where we mean to differ.

/// One request to both proxies.
pub struct Case {
    pub name: &'static str,
    /// As it is sent.
    pub request: &'static str,
    pub expected: Expected,
}

/// What comes of it.
pub enum Expected {
    /// Client and server see the same.
    Alike,
    Differ {
        theirs: &'static str,
        ours: &'static str,
        why: &'static str,
    },
}

const fn alike(name: &'static str, request: &'static str) -> Case {
    Case { name, request, expected: Expected::Alike }
}

pub const CASES: &[Case] = &[
    alike("a prefix", "GET /keep/a HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a query", "GET /keep/a?x=1&y=%20 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "escapes stay as they are",
        "GET /keep/a%2Fb%20c HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "slashes stay as they are",
        "GET /keep//a///b HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    Case {
        name: "a folder without its slash",
        request: "GET /keep HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ {
            theirs: "301 [location: http://a.test:{nginx}/keep/]",
            ours: "200 [x-up-secret: s] [x-up: yes] GET /keep HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "a prefix is what stands before a slash; whether a folder is meant is known to the server",
        },
    },
    alike(
        "a name that only begins alike",
        "GET /keepx HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a prefix that is taken off",
        "GET /strip/a/b?x=1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "nothing behind a prefix that is taken off",
        "GET /strip/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "escapes behind a prefix that is taken off",
        "GET /strip/a%20b HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    Case {
        name: "an escaped slash behind a prefix that is taken off",
        request: "GET /strip/a%2Fb HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ {
            theirs: "200 [x-up-secret: s] [x-up: yes] GET /a/b HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            ours: "200 [x-up-secret: s] [x-up: yes] GET /a%2Fb HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "what the client signed has to arrive",
        },
    },
    alike("a path alone", "GET /gone HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("more than the path alone", "GET /gone/ HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a redirect", "GET /moved/a?b=c HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a pattern", "GET /v12/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("no match of a pattern", "GET /vx/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a rewritten path", "GET /old/a/b?x=1 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a host of one's own", "GET /host/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "headers that are set and removed",
        "GET /dressed/x HTTP/1.1\r\nHost: a.test\r\nCookie: a=b\r\nX-From: liar\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "headers of the client",
        "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nX-Real-IP: 6.6.6.6\r\nX-Forwarded-For: 6.6.6.6\r\nX-Forwarded-Proto: https\r\nAuthorization: Bearer b\r\nConnection: close\r\n\r\n",
    ),
    Case {
        name: "what the connection names is not passed on",
        request: "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nX-Secret: 1\r\nConnection: close, X-Secret\r\nTE: trailers\r\nProxy-Connection: keep-alive\r\n\r\n",
        expected: Expected::Differ {
            theirs: "200 [x-up-secret: s] [x-up: yes] GET /keep/x HTTP/1.1 | host: a.test | proxy-connection: keep-alive | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | x-secret: 1 | 0 bytes",
            ours: "200 [x-up-secret: s] [x-up: yes] GET /keep/x HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "RFC 9110 §7.6.1",
        },
    },
    alike("a head alone", "HEAD /keep/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("options", "OPTIONS /keep/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("a method of its own", "PURGE /keep/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "a body",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ),
    alike(
        "a body in chunks",
        "PUT /keep/x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
    ),
    alike(
        "a body of a GET",
        "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    ),
    alike(
        "a client that waits for 100",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\nhello",
    ),
    alike(
        "a body that is too large",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 1025\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "chunks that become too large",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n600\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n",
    ),
    Case {
        name: "a method that is not served",
        request: "DELETE /read/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ { theirs: "403", ours: "405 [allow: GET]", why: "RFC 9110 §15.5.6" },
    },
    alike(
        "a head where reading is served",
        "HEAD /read/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike("an address that is denied", "GET /denied/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("no password", "GET /basic/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "a wrong password",
        "GET /basic/x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic YW5uOndyb25n\r\nConnection: close\r\n\r\n",
    ),
    Case {
        name: "a password",
        request: "GET /basic/x HTTP/1.1\r\nHost: a.test\r\nAuthorization: Basic YW5uOnNlY3JldA==\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ {
            theirs: "200 [x-up-secret: s] [x-up: yes] GET /basic/x HTTP/1.1 | authorization: Basic YW5uOnNlY3JldA== | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            ours: "200 [x-up-secret: s] [x-up: yes] GET /basic/x HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "the password was meant for us",
        },
    },
    alike("a server that is not there", "GET /dead/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "a server that is silent",
        "GET /keep/silent HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 201",
        "GET /keep/x?status=201 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 204",
        "GET /keep/x?status=204 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 301",
        "GET /keep/x?status=301 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 304",
        "GET /keep/x?status=304 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 404",
        "GET /keep/x?status=404 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 418",
        "GET /keep/x?status=418 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 500",
        "GET /keep/x?status=500 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a server that says 503",
        "GET /keep/x?status=503 HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike("nothing fits", "GET /nowhere HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "the path of another route by dots",
        "GET /keep/../gone HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "the path of another route by escaped dots",
        "GET /keep/%2e%2e/gone HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike("above the root", "GET /../gone HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike(
        "above the root by escapes",
        "GET /%2e%2e/%2e%2e/etc/passwd HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike("a NUL", "GET /keep/a%00b HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    Case {
        name: "a backslash",
        request: "GET /keep/..\\gone HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ {
            theirs: "200 [x-up-secret: s] [x-up: yes] GET /keep/..\\gone HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            ours: "410 gone",
            why: "many servers and browsers take it for a slash, so it is matched as one",
        },
    },
    alike("a broken escape", "GET /keep/%zz HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("no host", "GET /keep/x HTTP/1.1\r\nConnection: close\r\n\r\n"),
    alike("two hosts", "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\nConnection: close\r\n\r\n"),
    alike(
        "an absolute target",
        "GET http://a.test/keep/x HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n",
    ),
    alike("HTTP/1.0", "GET /keep/x HTTP/1.0\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    alike("HTTP/1.0 without a host", "GET /keep/x HTTP/1.0\r\nConnection: close\r\n\r\n"),
    Case {
        name: "HTTP/3.0",
        request: "GET /keep/x HTTP/3.0\r\nHost: a.test\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ { theirs: "505", ours: "400", why: "the parser knows no such version" },
    },
    alike(
        "two lengths",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhello",
    ),
    Case {
        name: "a length and chunks",
        request: "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
        expected: Expected::Differ {
            theirs: "400",
            ours: "200 [x-up-secret: s] [x-up: yes] POST /keep/x HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "RFC 9112 §6.1: the coding is obeyed, the length dropped, the connection closed",
        },
    },
    alike(
        "an unknown coding",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: gzip, chunked\r\nConnection: close\r\n\r\n0\r\n\r\n",
    ),
    alike(
        "a length that is none",
        "POST /keep/x HTTP/1.1\r\nHost: a.test\r\nContent-Length: +5\r\nConnection: close\r\n\r\nhello",
    ),
    alike(
        "a line that is folded",
        "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nX-A: b\r\n c\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a space before the colon",
        "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nX-A : b\r\nConnection: close\r\n\r\n",
    ),
    alike(
        "a name with a space",
        "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nX A: b\r\nConnection: close\r\n\r\n",
    ),
    alike("no target", "GET  HTTP/1.1\r\nHost: a.test\r\nConnection: close\r\n\r\n"),
    Case {
        name: "h2c is not spoken on the way",
        request: "GET /keep/x HTTP/1.1\r\nHost: a.test\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\nConnection: close\r\n\r\n",
        expected: Expected::Differ {
            theirs: "200 [x-up-secret: s] [x-up: yes] GET /keep/x HTTP/1.1 | host: a.test | http2-settings: AAMAAABkAAQAAP__ | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            ours: "200 [x-up-secret: s] [x-up: yes] GET /keep/x HTTP/1.1 | host: a.test | x-forwarded-for: 127.0.0.1 | x-forwarded-proto: http | x-real-ip: 127.0.0.1 | 0 bytes",
            why: "RFC 9110 §7.6.1: the connection names it",
        },
    },
];
