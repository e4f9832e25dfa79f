//! Attacks without a token, and the request rates of an address and of a token.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::sync::atomic::AtomicBool;

use socket2::{Domain, Socket, Type};

use crate::attack::{Admitted, RATE, assert_withstands, exclusive};
use crate::client::{Client, Target, bearer, request};
use crate::measure::paced;
use crate::workload::Workload;

const LOOPS: usize = 3;
const LOOP_PER_SECOND: u32 = 400;
const ADDRESSES: u32 = 400;

/// Repeats a request over one connection until `stop`, and counts the admitted ones.
fn repeat(target: &Target, asked: &str, stop: &AtomicBool, admitted: &Admitted) {
    let Ok(mut client) = target.connect() else { return };
    for _ in paced(LOOP_PER_SECOND, stop) {
        match client.request(asked) {
            Ok(response) => admitted.count(Some(response.status)),
            Err(_) => match target.connect() {
                Ok(restart) => client = restart,
                Err(_) => return,
            },
        }
    }
}

#[test]
fn requests_without_a_token_leave_the_health_of_the_gateway_visible() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    // The workload's own health check comes from the same address.
    assert_withstands("badges without a token", &mut workload, |target, stop| {
        let asked = request("GET", "/badge/unknown.svg", "", None);
        std::thread::scope(|scope| {
            for _ in 0..LOOPS {
                scope.spawn(|| repeat(target, &asked, stop, &Admitted::new()));
            }
        });
    });
}

/// A connection from one of the addresses of loopback.
fn from(address: Ipv4Addr, target: &Target) -> Client {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&target.address.into()).unwrap();
    Client::over(TcpStream::from(socket), None).unwrap()
}

#[test]
fn other_addresses_and_tokens_do_not_refill_the_rate_of_one() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let token = workload.attacker().0;
    let people = request("GET", "/v1/people?limit=1", &bearer(&token), None);
    let badge = request("GET", "/badge/unknown.svg", "", None);
    assert_withstands("many addresses", &mut workload, |target, stop| {
        let [by_address, by_token] = [Admitted::new(), Admitted::new()];
        std::thread::scope(|scope| {
            for _ in 0..LOOPS {
                scope.spawn(|| repeat(target, &badge, stop, &by_address));
            }
            scope.spawn(|| repeat(target, &people, stop, &by_token));
            scope.spawn(|| {
                for number in paced(RATE, stop).take(usize::try_from(ADDRESSES).unwrap()) {
                    let address =
                        Ipv4Addr::from_bits(Ipv4Addr::LOCALHOST.to_bits() + 1 + number * 257);
                    let response = from(address, target).request(&badge).unwrap();
                    assert_eq!(response.status, 404, "{address}: {response:?}");
                }
            });
        });
        by_address.assert_within_rate("an address");
        by_token.assert_within_rate("a token");
    });
}
