//! Ten thousand readers that reconnect at once.

use std::net::TcpStream;

use serde_json::json;

use crate::fixture::{Events, Gateway, now};

/// The number of readers that the limit on open files allows.
fn reader_count() -> usize {
    let limit = rustix::process::getrlimit(rustix::process::Resource::Nofile);
    let whole = rustix::process::Rlimit { current: limit.maximum, maximum: limit.maximum };
    rustix::process::setrlimit(rustix::process::Resource::Nofile, whole).unwrap();
    let files = limit.maximum.map_or(20_000, |files| usize::try_from(files).unwrap());
    files.saturating_sub(1_000).min(10_000)
}

#[test]
fn ten_thousand_readers_reconnect_at_once_and_get_the_missed_changes() {
    let count = reader_count();
    let arguments = ["--requests-per-second", "99999", "--streams-per-token", "20000"];
    let gateway = Gateway::with(&arguments);
    gateway.add("ada", &[]);
    for availability in ["available", "busy", "away"] {
        gateway.publish("ada", "laptop", availability);
    }
    let token = gateway.token(&["read"], &json!({})).0;
    let began = now();
    let mut readers: Vec<Events> = Vec::with_capacity(count);
    for _ in 0..count {
        readers.push(Events::open(gateway.address(), &token, "", "Last-Event-ID: 2\r\n"));
    }
    let took = began.elapsed();
    let mut missed = 0;
    for reader in &mut readers {
        for id in [3, 4] {
            missed += usize::from(reader.expect_event("change").id != Some(id));
        }
    }
    assert_eq!(missed, 0);
    gateway.publish("ada", "laptop", "busy");
    for reader in &mut readers {
        assert_eq!(reader.expect_event("change").id, Some(5));
    }
    println!("{count} readers reconnected within {took:?}");
    // After all readers have closed their streams, the gateway counts none.
    drop(readers);
    crate::fixture::within("all readers have left", || {
        let metrics = gateway.curl("/metrics", &[]).body;
        metrics.contains("communicado_gateway_readers{transport=\"sse\"} 0").then_some(())
    });
    drop(TcpStream::connect(gateway.address()).unwrap());
}
