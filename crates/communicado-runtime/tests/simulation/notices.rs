//! The texts of notices.

use std::time::Duration;

use communicado_runtime::{LimitReached, Notice, SourceError};

fn check(notice: &Notice, expected: &[&str]) {
    assert_eq!(notice.to_string().lines().collect::<Vec<_>>(), expected);
}

fn lost(retry_in: Duration, others: usize) -> Notice {
    let cause = "nothing on the session bus answers to `im.pidgin.purple.PurpleService`".into();
    let error = SourceError { cause, help: "start Pidgin".into() };
    Notice::Lost { source: "purple".to_owned(), error, retry_in, others }
}

#[test]
fn a_loss_has_the_failure_the_cause_the_advice_and_what_still_works() {
    let meanwhile = |ms, others, expected| {
        check(
            &lost(Duration::from_millis(ms), others),
            &[
                "error: source `purple` failed",
                "  cause: nothing on the session bus answers to `im.pidgin.purple.PurpleService`",
                "  help: start Pidgin",
                expected,
            ],
        );
    };
    meanwhile(312, 0, "  meanwhile: retrying in 312 ms; its clients are `unknown`");
    meanwhile(1_890, 1, "  meanwhile: retrying in 2 s; 1 other source is working");
    meanwhile(37_400, 3, "  meanwhile: retrying in 37 s; 3 other sources are working");
}

#[test]
fn a_recovery_is_one_line() {
    let recovered = Notice::Recovered { source: "purple".to_owned() };
    check(&recovered, &["note: source `purple` works again"]);
}

#[test]
fn a_limit_has_the_excess_and_what_still_works() {
    let limit = LimitReached { what: "clients", limit: 1024 };
    check(
        &Notice::Limit { source: "purple".to_owned(), limit },
        &[
            "warning: source `purple` saw more than 1024 clients",
            "  meanwhile: the first ones are still reported",
        ],
    );
}

#[test]
fn a_failed_journal_has_the_cause_and_what_still_works() {
    check(
        &Notice::JournalFailed { cause: "no storage space".to_owned() },
        &[
            "error: cannot write to the journal any more",
            "  cause: no storage space",
            "  meanwhile: statuses are still reported; you can replay the journal up to here",
        ],
    );
}
