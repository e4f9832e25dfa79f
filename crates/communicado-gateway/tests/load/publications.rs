//! An attack with a token that publishes for one person.

use serde_json::{Value, json};

use crate::attack::{assert_withstands, exclusive};
use crate::client::{bearer, request};
use crate::fixture::{publication, within};
use crate::measure::paced;
use crate::workload::{Workload, operator, person, token};

const DEVICES: u32 = 32;
const CLIENTS: usize = 4;
const ACCOUNTS: usize = 51;
/// The maximum length of a text.
const TEXT: usize = 1_000;
/// A rate above the limit.
const PER_SECOND: u32 = 250;

/// A publication of 235 kB.
fn large(availability: &str) -> Value {
    let mut large = publication(availability, 600_000);
    let mut client = large["clients"][0].clone();
    let (since, text) = (client["since"].clone(), "x".repeat(TEXT));
    let account = |number: usize| {
        json!({"account": format!("{number}{text}"), "protocol": "x", "status": "signed-in",
            "availability": availability, "activity": null, "raw": null, "reason": null,
            "since": since})
    };
    client["accounts"] = (0..ACCOUNTS).map(account).collect();
    large["clients"] = vec![client; CLIENTS].into();
    large
}

#[test]
fn endless_renewals_of_large_devices_of_one_person() {
    let _alone = exclusive();
    let mut workload = Workload::start();
    let person = person(900);
    let secret =
        token(&mut operator(&workload.gateway), &["publish"], &json!({"person": person})).0;
    let bodies = [large("busy").to_string(), large("away").to_string()];
    assert!((230_000..240_000).contains(&bodies[0].len()), "{}", bodies[0].len());
    assert_withstands("large devices of one person", &mut workload, |target, stop| {
        let Ok(mut client) = target.connect() else { return };
        for number in paced(PER_SECOND, stop) {
            let path = format!("/v1/people/{person}/devices/d{}", number % DEVICES);
            let body = &bodies[usize::try_from(number / DEVICES).unwrap() % 2];
            if client.request(&request("PUT", &path, &bearer(&secret), Some(body))).is_err() {
                let Ok(again) = target.connect() else { return };
                client = again;
            }
        }
    });
    let path = format!("/v1/people/{person}/devices/d0");
    let put = |body: &str| {
        within("the rate limit admits a request", || {
            let asked = request("PUT", &path, &bearer(&secret), Some(body));
            // The gateway may refuse the request before it has the whole body.
            workload.target.request(&asked).ok().filter(|response| response.status != 429)
        })
    };
    assert_eq!(put(&bodies[0]).expect_problem(409)["limit"], "person-bytes");
    put(&publication("busy", 600_000).to_string()).expect_json(200);
}
