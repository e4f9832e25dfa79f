//! `demo`: a provider through a whole day, watched, on nothing but this program.
//!
//! Three processes, as in life: this one, which is also the bus; a `provide`, which is killed in
//! between; and a `watch`. What `watch` writes is compared with what the provider did, so that the
//! demo fails if communicado does not say what it promises.

mod bus;
mod cast;
mod day;
mod table;

use std::time::Duration;

use clap::Args;
use communicado::Timestamp;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use communicado_wire::Client;
use serde_json::Value;

use self::cast::Player;
use self::day::{Cause, DAY, Row, Step, script};
use self::table::{Table, spoken};
use crate::arguments::Common;
use crate::commands::print;
use crate::failure::{Failure, Outcome};
use crate::live::{coloured, on_runtime, unless_asked_to_end};

/// How many times faster `--fast` is.
const FASTER: u64 = 5;

/// Show on this machine alone what is said of a client through a day.
///
/// Needs no session, no server, no display and no network, and leaves nothing behind.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// In three seconds instead of a quarter of a minute.
    #[arg(long)]
    fast: bool,
}

/// The demo under way.
struct Show {
    table: Table,
    clock: SystemClock,
    bus: String,
    watch: Player,
    faster: u64,
    provider: Option<Player>,
    /// When what is told next was done.
    done: Timestamp,
    began: Timestamp,
    slowest: Duration,
    rows: usize,
}

impl Demo {
    pub(crate) fn run(&self, common: &Common) -> Result<Outcome, Failure> {
        let table = Table { coloured: coloured(common.color.unwrap_or_default()) };
        let faster = if self.fast { FASTER } else { 1 };
        on_runtime(async {
            // Listened for first; whoever plays is killed when the show is dropped.
            unless_asked_to_end(show(table, faster), Ok(Outcome::Yes)).await
        })
    }
}

async fn show(table: Table, faster: u64) -> Result<Outcome, Failure> {
    let clock = SystemClock::start();
    let bus = bus::start().await?;
    let mut watch = Player::watch(&bus)?;
    // That nothing is there is the first thing that is said.
    watch.line().await?;
    let now = clock.civil();
    let mut show = Show {
        table,
        clock,
        bus,
        watch,
        faster,
        provider: None,
        done: now,
        began: now,
        slowest: Duration::ZERO,
        rows: 0,
    };
    print(&format!(
        "{}\n",
        show.table.bold("A client, its user, and what communicado says of them")
    ))?;
    print("On a private bus in this process, beside a real client and a real watcher.\n\n")?;
    print(&show.table.head())?;
    for step in DAY {
        show.step(step).await?;
    }
    show.end()?;
    Ok(Outcome::Yes)
}

impl Show {
    async fn step(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Start(steps) => {
                self.done = self.clock.civil();
                self.began = self.done;
                let script = script(steps, self.faster);
                self.provider = Some(Player::provider(&self.bus, &script).await?);
                // That it is starting.
                self.told().await.map(|_| ())
            }
            Step::Kill(after) => {
                let at = self.began.after(Duration::from_millis(after / self.faster));
                let left = at.since(self.clock.civil());
                // Without a timer it is killed at once.
                let _ = sleep_until(&self.clock, self.clock.now().after(left)).await;
                if let Some(mut provider) = self.provider.take() {
                    self.done = self.clock.civil();
                    provider.kill()?;
                    provider.gone().await;
                }
                Ok(())
            }
            Step::Row(row) => self.row(row).await,
        }
    }

    async fn row(&mut self, row: &Row) -> Result<(), Failure> {
        if let Cause::Told(status) = row.cause {
            let (told, at) = self.told().await?;
            if told != status {
                return Err(wrong(&format!("the provider told `{told}`, not `{status}`")));
            }
            self.done = at;
        }
        let line = self.watch.line().await?;
        let after = self.clock.civil().since(self.done);
        let client = Client::from_json(&line).map_err(|error| wrong(&error.to_string()))?;
        let said = [
            client.availability.map(|it| it.word()),
            client.activity.map(|it| it.word()),
            client.reason.as_deref(),
        ];
        let said: Vec<&str> = said.into_iter().flatten().collect();
        if client.status.word() != row.says.status || said != row.says.more {
            return Err(wrong(&format!("communicado said `{line}` where {:?} is true", row.says)));
        }
        self.slowest = self.slowest.max(after);
        self.rows += 1;
        print(&self.table.row(row.happens, client.status.word(), &said.join(", "), after))
    }

    /// What the provider has told next, and when it did so.
    async fn told(&mut self) -> Result<(String, Timestamp), Failure> {
        let Some(provider) = &mut self.provider else {
            return Err(wrong("there is no provider that could tell"));
        };
        let line = provider.line().await?;
        let told: Value = serde_json::from_str(&line).map_err(|error| wrong(&error.to_string()))?;
        let text = |key| told.get(key).and_then(Value::as_str).unwrap_or_default();
        let at = text("at").parse().map_err(|_| wrong(&line))?;
        Ok((text("status").to_owned(), at))
    }

    fn end(&self) -> Result<(), Failure> {
        let (rows, slowest) = (self.rows, spoken(self.slowest));
        let bold = |text| self.table.bold(text);
        print(&format!(
            "\n{rows} changes, the slowest told after {slowest}, the start of a program included.\n\
             Signed-out came before gone, also when the client was killed.\n\n\
             {}\n\
             \x20 communicado watch     beside Pidgin, Finch or Chatty: sign in or out there\n\
             \x20 communicado doctor    what is there, what is missing, and what to do\n\n\
             {}\n\
             \x20 communicado provide --sign-in &\n\
             \x20 communicado provide set busy --activity in-a-meeting --for 30m\n",
            bold("The same with your own client:"),
            bold("And as a client yourself:"),
        ))
    }
}

fn wrong(because: &str) -> Failure {
    Failure::new(Outcome::Failed, "the demo did not go as it should")
        .because(because)
        .help("report it with the output of `communicado doctor`")
}
