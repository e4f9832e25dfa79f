//! The source: signs in to the server, and reports the accounts that it watches.

use std::convert::Infallible;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;

use communicado_core::{Life, UnknownReason};
use communicado_net::NetError;
use communicado_net::xmpp::{AccountAddress, ServerAddress, XmppClient};
use communicado_runtime::{
    Check, CheckHealth, Clock, ProbeFuture, Source, SourceError, SourceHandle, SystemClock,
    WatchFuture,
};

use super::contacts;
use super::watch::Watch;
use super::watched::{OWN_RESOURCE, WatchedAccounts};
use super::{ACCOUNT, CA_FILE, CONTACTS, DESCRIPTOR, INSECURE, OWN_ACCOUNT, PASSWORD_FILE, SERVER};
use crate::client_names::ClientNames;
use crate::client_reporter::ClientDetails;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::keepalive::Keepalive;
use crate::state_reporter::StateReporter;

struct XmppSource {
    name: String,
    account: AccountAddress,
    accounts: WatchedAccounts,
    names: ClientNames,
    client: XmppClient,
    clock: Arc<dyn Clock>,
    /// True if the clients of the accounts have had a state.
    has_reported: bool,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let text = options.text(&ACCOUNT)?;
    let account = AccountAddress::parse(&text).ok_or_else(|| {
        options.refused(&ACCOUNT, format!("`{text}` is not an address such as ada@example.com"))
    })?;
    let insecure = options.bool(INSECURE.name)?;
    let server = ServerAddress::parse(&options.text(&SERVER)?, &account, insecure)
        .map_err(|error| options.refused(&SERVER, format!("{}; {}", error.cause, error.help)))?;
    let password_file = options.secret_file(&PASSWORD_FILE)?;
    if password_file.is_empty() {
        return Err(options.refused(&PASSWORD_FILE, "it is empty".to_owned()));
    }
    let entries = options.optional_list(&CONTACTS)?;
    let contacts = contacts::parse(&entries, &account, options.bool(OWN_ACCOUNT.name)?)
        .map_err(|error| options.refused(&CONTACTS, error.to_string()))?;
    let Keepalive { interval, timeout } = Keepalive::from_options(options)?;
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::start());
    let client = XmppClient::new(
        Arc::clone(&clock),
        account.clone(),
        server,
        password_file,
        (interval, timeout),
    )
    .with_ca_file(options.configured_path(&CA_FILE)?);
    Ok(Box::new(XmppSource {
        name: options.source().to_owned(),
        accounts: WatchedAccounts::new(account.clone(), &contacts),
        account,
        names: options.client_names()?,
        client,
        clock,
        has_reported: false,
    }))
}

impl XmppSource {
    /// Reports the accounts until the connection ends, which is always an error.
    async fn follow(&mut self, handle: SourceHandle) -> Result<Infallible, NetError> {
        let clock = Arc::clone(&self.clock);
        let mut reporter = StateReporter::new(handle, self.names.clone());
        let error = match self.client.connect(&resource()).await {
            Ok(connection) => {
                let accounts = self.accounts.clone();
                let mut watch = Watch::new(connection, accounts, &mut reporter, &*clock);
                let Err(error) = watch.follow().await;
                error
            }
            Err(error) => error,
        };
        // The runtime withdraws only states that it has.
        if !std::mem::replace(&mut self.has_reported, true) && !reporter.is_ready() {
            for (_, client) in self.accounts.clients() {
                let life = Life::Unknown(UnknownReason::SourceLost);
                reporter.report(client, life, ClientDetails::default());
            }
        }
        Err(error)
    }

    /// The result of a sign-in for `doctor`. Without a first presence no contact sees it.
    async fn check(&self) -> Check {
        let what = format!("source {} ({})", self.name, DESCRIPTOR.name).into();
        let signed_in = match self.client.connect(&resource()).await {
            Ok(connection) => connection.close().await,
            Err(error) => Err(error),
        };
        match signed_in {
            Ok(()) => {
                let found = format!("the server accepts the sign-in of {}", self.account).into();
                Check { what, health: CheckHealth::Good, found, action: None }
            }
            Err(NetError { cause, help, .. }) => {
                let (found, action) = (cause.into(), Some(help.into()));
                Check { what, health: CheckHealth::Bad, found, action }
            }
        }
    }
}

/// A resource that no other connection has.
fn resource() -> String {
    let random = RandomState::new().hash_one(OWN_RESOURCE) >> 32;
    format!("{OWN_RESOURCE}{random:08x}")
}

impl Source for XmppSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move {
            let Err(NetError { cause, help, .. }) = self.follow(handle).await;
            SourceError { cause: cause.into(), help: help.into() }
        })
    }

    fn probe<'a>(&'a mut self, _: &'a dyn Clock) -> ProbeFuture<'a> {
        Box::pin(async { vec![self.check().await] })
    }
}
