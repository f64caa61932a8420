//! `impl ProxyHttp`: the life of a request as a table of contents.
