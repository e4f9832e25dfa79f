//! The backend of a gateway: its state and the writer.

use std::path::Path;
use std::sync::Arc;

use communicado_cli_support::{Failure, Outcome};
use communicado_wire::gateway::{NewToken, Scope, View};
use tokio::sync::oneshot;

use super::critical_thread::CriticalThread;
use crate::app_state::AppState;
use crate::cluster;
use crate::config::ServeConfig;
use crate::new_token::new_token;
use crate::store::{Store, StoreError, StoreLock, StoredState};
use crate::store_writer::{StoreWriter, WriteCommand};
use crate::writer;

/// The state, the store and the writer: everything except the connections.
pub(crate) struct Backend {
    pub(crate) app: Arc<AppState>,
    pub(super) writer: CriticalThread<Result<(), StoreError>>,
    /// The lock on the data folder, which is exclusive even in a cluster.
    _lock: Option<StoreLock>,
}

impl Backend {
    /// Opens the store in `data` and starts the writer. The caller holds `lock`.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened or the thread cannot be started.
    pub(crate) fn start(
        data: &Path,
        lock: StoreLock,
        config: ServeConfig,
        tls: bool,
    ) -> Result<Self, Failure> {
        let (store, stored, lock) = match config.cluster {
            None => {
                let (store, stored) = Store::open(data, lock)?;
                (Some(store), stored, None)
            }
            Some(_) => (None, StoredState::default(), Some(lock)),
        };
        let (writer, commands) = StoreWriter::new();
        let (cluster, creates) = (config.cluster.clone(), config.creates_bucket);
        let app = Arc::new(AppState::new(stored, writer, config, tls).map_err(no_system)?);
        let of_writer = app.clone();
        let (ready, is_ready) = oneshot::channel();
        let writer = CriticalThread::start("writer", move || match (store, cluster) {
            (Some(store), _) => {
                let _ = ready.send(Ok(()));
                writer::run(&of_writer, store, &commands)
            }
            (None, Some(settings)) => {
                cluster::run(&of_writer, &settings, creates, commands, ready);
                Ok(())
            }
            (None, None) => Ok(()),
        });
        let writer = writer.map_err(no_system)?;
        let began = is_ready.blocking_recv();
        began.unwrap_or(Ok(())).map_err(|error| {
            let help = "start NATS with JetStream (-js), and check --nats and --nats-replicas";
            error.into_failure().help(help)
        })?;
        Ok(Self { app, writer, _lock: lock })
    }

    /// Stops after all queued commands.
    ///
    /// # Errors
    ///
    /// If the final write fails.
    pub(crate) fn stop(self) -> Result<(), Failure> {
        self.app.writer.stop();
        Ok(self.writer.join()??)
    }

    /// Creates the first administrator's token, if no token exists.
    pub(super) async fn first_token(&self) -> Result<Option<String>, Failure> {
        let has = |token: &Arc<communicado_wire::gateway::stored::Token>| {
            token.scopes.has(Scope::Administer)
        };
        if self.app.tokens().all().any(has) {
            return Ok(None);
        }
        let new = NewToken {
            name: "the first administrator".into(),
            scopes: vec![Scope::Administer],
            person: None,
            group: None,
            view: Some(View::Everything),
            for_ms: None,
        };
        let (secret, token) = new_token(new, self.app.now().civil)?;
        self.app.writer.submit(WriteCommand::Token(token)).await?;
        Ok(Some(secret))
    }
}

pub(super) fn no_system(error: std::io::Error) -> Failure {
    Failure::new(Outcome::Failed, "cannot start the gateway").cause(error)
}
