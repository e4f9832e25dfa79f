//! Tests of accepted and refused requests, wherever their bytes are split.

use super::*;

/// The number of bytes that pass when `bytes` arrives in chunks of these sizes, and the error that
/// stops it.
fn passed(bytes: &[u8], parts: impl Fn(usize) -> usize) -> (Vec<usize>, Option<u16>) {
    let mut framing = Framing::new(AllowedHosts::Any);
    let (mut start, mut end, mut requests) = (0, 0, Vec::new());
    loop {
        if start > 0 && framing.is_between() && requests.last() != Some(&start) {
            requests.push(start);
        }
        match framing.pass(&bytes[start..end]) {
            Ok(0) if end == bytes.len() => return (requests, None),
            Ok(0) => end = bytes.len().min(end + parts(end)),
            Ok(count) => start += count,
            Err(error) => return (requests, Some(error.kind.status())),
        }
    }
}

/// Checks that one request passes, however it is split; or that it fails with this status.
#[track_caller]
fn check(text: &str, expected: Option<u16>) {
    let bytes = text.as_bytes();
    let whole = passed(bytes, |_| bytes.len());
    assert_eq!(whole.1, expected, "{text:?}");
    if expected.is_none() {
        assert_eq!(whole.0.last(), Some(&bytes.len()), "{text:?}");
    }
    assert_eq!(passed(bytes, |_| 1), whole, "{text:?}");
    for at in 1..bytes.len() {
        let parts = |end| if end < at { at - end } else { bytes.len() };
        assert_eq!(passed(bytes, parts), whole, "{text:?} at {at}");
    }
}

#[test]
fn an_ambiguous_head_is_refused_wherever_it_is_split() {
    let start = "GET / HTTP/1.1\r\n";
    let good = |headers: &str| check(&format!("{start}Host: a\r\n{headers}\r\n"), None);
    let bad = |headers: &str| check(&format!("{start}Host: a\r\n{headers}\r\n"), Some(400));
    good("");
    good("Accept: */*\r\nConnection: keep-alive\r\nAuthorization: Bearer x\r\n");
    good("Content-Length: 0\r\n");
    bad("Host: a\r\n");
    bad("host: b\r\n");
    bad("Authorization: Bearer x\r\nAUTHORIZATION: Bearer y\r\n");
    bad("Content-Length: 0\r\nContent-Length: 0\r\n");
    for length in ["-1", "+1", "1, 1", "1 1", "0x1", "", "99999999999999999999"] {
        bad(&format!("Content-Length: {length}\r\n"));
    }
    bad("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n");
    bad("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n");
    bad("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n");
    for encoding in ["gzip", "gzip, chunked", "chunked, chunked", "identity", "\x0bchunked", ""] {
        bad(&format!("Transfer-Encoding: {encoding}\r\n"));
    }
    bad("A: b\n");
    bad("A: b\nC: d\r\n");
    bad("A: b\rC: d\r\n");
    bad("A: b\r\n c\r\n");
    bad("A : b\r\n");
    bad("A: b\0\r\n");
    bad("no colon\r\n");
    for head in [
        "GET / HTTP/1.1\r\n\r\n",
        " GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\nHost: a\n\n",
        "GET / HTTP/1.1\r\n Host: a\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/2.0\r\nHost: a\r\n\r\n",
        "GET /\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\x16\x03\x01\n",
    ] {
        check(head, Some(400));
    }
    for host in ["", "a b", "u@a", "a:x", "a, a", "[1]", "a/b"] {
        check(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"), Some(400));
    }
    check("\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", None);
    check("GET / HTTP/1.0\r\n\r\n", None);
}

#[test]
fn the_target_and_the_host_of_a_request_must_agree() {
    let target = |method: &str, target: &str, expected| {
        check(&format!("{method} {target} HTTP/1.1\r\nHost: a:1\r\n\r\n"), expected);
    };
    target("GET", "/", None);
    target("GET", "http://A:1/v1/people?limit=1", None);
    target("GET", "http://a:1", None);
    target("OPTIONS", "*", None);
    target("CONNECT", "a:1", None);
    for wrong in ["http://b:1/", "http://a/", "http://u@a:1/", "ftp://a:1/", "a:1", "*", "x"] {
        target("GET", wrong, Some(400));
    }
    target("CONNECT", "b:1", Some(400));
    check("GET http://a/ HTTP/1.0\r\n\r\n", None);
}

#[test]
fn a_head_has_limits_on_size_and_number_of_headers() {
    let head = |rest: &str| format!("GET / HTTP/1.1\r\nHost: a\r\n{rest}\r\n");
    let padded = |more: usize| {
        let filled = head(&format!("A: {}\r\n", "a".repeat(HEAD_BYTES.max)));
        head(&format!("A: {}\r\n", "a".repeat(2 * HEAD_BYTES.max - filled.len() + more)))
    };
    let status = |text: &str| {
        let whole = passed(text.as_bytes(), |_| text.len()).1;
        assert_eq!(passed(text.as_bytes(), |_| 1000).1, whole);
        whole
    };
    assert_eq!(status(&padded(0)), None);
    assert_eq!(status(&padded(1)), Some(431));
    assert_eq!(status(&head(&"a: b\r\n".repeat(99))), None);
    assert_eq!(status(&head(&"a: b\r\n".repeat(100))), Some(431));
}

#[test]
fn a_name_that_dns_resolves_is_refused_where_only_local_hosts_are_valid() {
    let status = |host: &str, hosts| {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        RequestHead::read(head.as_bytes(), hosts).err().map(|error| error.kind.status())
    };
    for local in ["localhost", "localhost:8427", "a.localhost", "127.0.0.1:1", "[::1]:8427"] {
        assert_eq!(status(local, AllowedHosts::Local), None, "{local}");
    }
    assert_eq!(status("evil.example", AllowedHosts::Local), Some(421));
    assert_eq!(status("evil.example", AllowedHosts::Any), None);
    let absolute = b"GET http://evil.example/ HTTP/1.0\r\n\r\n";
    assert!(RequestHead::read(absolute, AllowedHosts::Local).is_err());
}

#[test]
fn a_chunked_body_is_followed_to_its_end_wherever_it_is_split() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n";
    let good = |body: &str| check(&format!("{head}{body}"), None);
    let bad = |body: &str| check(&format!("{head}{body}"), Some(400));
    good("0\r\n\r\n");
    good("5\r\nhello\r\n0\r\n\r\n");
    good("A\r\n0123456789\r\n00b;x=\"y\"\r\n0123456789a\r\n0;last\r\nA: b\r\nC: d\r\n\r\n");
    good("1 \t;x\r\n\n\r\n0\r\n\r\n");
    bad("\r\n0\r\n\r\n");
    bad("x\r\n\r\n");
    bad("-1\r\n");
    bad("0x1\r\n");
    bad("5\nhello\r\n0\r\n\r\n");
    bad("5\rhello\r\n0\r\n\r\n");
    bad("5 \r\nhello\r\n0\r\n\r\n");
    bad("5\r\nhello\n0\r\n\r\n");
    bad("5\r\nhello0\r\n\r\n");
    bad("5;a\nb\r\nhello\r\n0\r\n\r\n");
    bad("5;a\rb\r\nhello\r\n0\r\n\r\n");
    bad("0\r\n\n");
    bad("0\r\nA: b\n\r\n");
    bad("0\r\n A: b\r\n\r\n");
    bad("10000000000000000\r\n");
    // Some readers take no more digits than 64 bits have.
    good("0000000000000001\r\nx\r\n0000000000000000\r\n\r\n");
    bad("00000000000000001\r\nx\r\n0\r\n\r\n");
    bad("00000000000000000;x\r\n\r\n");
}

#[test]
fn extensions_and_trailers_of_a_chunked_body_are_limited() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
    for body in [
        format!("1;{}", "x".repeat(HEAD_BYTES.max)),
        "1;xxxxxxx\r\na\r\n".repeat(HEAD_BYTES.max / 8),
        format!("0\r\nA: {}", "x".repeat(HEAD_BYTES.max)),
        format!("0\r\n{}", "a:\r\n".repeat(101)),
    ] {
        let text = format!("{head}{body}");
        assert_eq!(passed(text.as_bytes(), |_| 1000).1, Some(400), "{body:.20}");
    }
}

#[test]
fn each_request_of_a_connection_is_found_and_the_first_invalid_one_refused() {
    let first = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nGET /";
    let second =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    let third = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    let text = format!("{first}{second}{third}GET / HTTP/1.1\r\n\r\n");
    let ends = [first, second, third].into_iter().scan(0, |end, request| {
        *end += request.len();
        Some(*end)
    });
    let whole = passed(text.as_bytes(), |_| text.len());
    assert_eq!(whole, (ends.collect(), Some(400)));
    for at in 1..text.len() {
        let parts = |end| if end < at { at - end } else { text.len() };
        assert_eq!(passed(text.as_bytes(), parts), whole, "{at}");
    }
}
