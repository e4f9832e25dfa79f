//! Pending sign-ins.

use std::collections::BTreeMap;

use communicado_core::Moment;

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{SIGN_INS, SIGN_INS_PER_ADDRESS};
use crate::rate_limits::Network;

/// A sign-in that waits for the issuer.
#[derive(Clone, Debug)]
pub(super) struct PendingLogin {
    pub(super) nonce: String,
    pub(super) verifier: String,
    pub(super) until: Moment,
    /// The network of the browser.
    pub(super) network: Network,
}

/// Pending sign-ins by state.
#[derive(Debug, Default)]
pub(super) struct PendingLogins(BTreeMap<String, PendingLogin>);

impl PendingLogins {
    /// Adds a sign-in. It replaces the oldest one if its address has too many.
    ///
    /// # Errors
    ///
    /// If all addresses together have too many.
    pub(super) fn insert(
        &mut self,
        state: String,
        login: PendingLogin,
        now: Moment,
    ) -> Result<(), ApiError> {
        self.0.retain(|_, it| now < it.until);
        let of_network = || self.0.iter().filter(|(_, it)| it.network == login.network);
        if !SIGN_INS_PER_ADDRESS.allows(of_network().count() + 1) {
            let oldest =
                of_network().min_by_key(|(_, it)| it.until).map(|(state, _)| state.clone());
            self.0.retain(|state, _| oldest.as_ref() != Some(state));
        }
        if !SIGN_INS.allows(self.0.len() + 1) {
            let detail = "too many sign-ins are pending";
            return Err(ApiError::limit_exceeded(ApiErrorKind::Unavailable, SIGN_INS, detail)
                .retry_after(60));
        }
        self.0.insert(state, login);
        Ok(())
    }

    /// Removes and returns a sign-in, unless it has timed out.
    pub(super) fn take(&mut self, state: &str, now: Moment) -> Option<PendingLogin> {
        self.0.remove(state).filter(|login| now < login.until)
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_address_with_too_many_sign_ins_loses_its_own_oldest_one() {
        let at = |ms: usize| Moment::new(Duration::from_millis(ms as u64));
        let login = |host: u8, until: Moment| PendingLogin {
            nonce: String::new(),
            verifier: String::new(),
            until,
            network: std::net::IpAddr::from(Ipv4Addr::new(192, 0, 2, host)).into(),
        };
        let mut pending = PendingLogins::default();
        pending.insert("other".to_owned(), login(1, at(1_000_000)), at(0)).unwrap();
        for number in 0..SIGN_INS_PER_ADDRESS.max + 2 {
            let until = at(1_000_001 + number);
            pending.insert(format!("{number}"), login(2, until), at(0)).unwrap();
        }
        assert!(["0", "1"].iter().all(|state| pending.take(state, at(0)).is_none()));
        assert!(["2", "other"].iter().all(|state| pending.take(state, at(0)).is_some()));
        for number in 0..SIGN_INS.max {
            let host = u8::try_from(3 + number / SIGN_INS_PER_ADDRESS.max).unwrap();
            let has_room = pending.0.len() < SIGN_INS.max;
            let done = pending.insert(format!("n{number}"), login(host, at(2_000_000)), at(0));
            assert_eq!(done.is_ok(), has_room);
        }
        let refused = pending.insert("one more".to_owned(), login(99, at(2_000_000)), at(0));
        assert_eq!(refused.unwrap_err().kind, ApiErrorKind::Unavailable);
        // Expiry frees room.
        assert!(
            pending.insert("later".to_owned(), login(99, at(9_000_000)), at(3_000_000)).is_ok()
        );
    }
}
