//! `demo`: a provider through a whole day, watched, on nothing but this program.
//!
//! Three processes, as in life: this one, which is also the bus; a `provide`, which is killed in
//! between; and a `watch`. Where there is a gateway, it and an `agent` follow. What `watch` writes is compared with what the provider did, so that the
//! demo fails if communicado does not say what it promises.

mod bus;
mod processes;
mod scenario;
mod table;
mod web_page;

use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use clap::Args;
use communicado::Timestamp;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use communicado_wire::Client;
use serde_json::Value;

use self::processes::DemoProcess;
use self::scenario::{
    Expected, SCENARIO, ScenarioRow, ScenarioStep, Trigger, WEB, WEB_CLIENT, WEB_CLIENT_ENDS,
    script,
};
use self::table::{Table, format_duration};
use self::web_page::WebPage;
use crate::arguments::GlobalOptions;
use crate::commands::printed;
use crate::failure::{Failure, Outcome};
use crate::runtime::{block_on, or_shutdown, use_color};

/// How many times faster `--fast` is.
const FASTER: u64 = 5;

/// Show on this machine alone what is said of a client through a day.
///
/// Needs no session, no server, no display and no network, and leaves nothing behind.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// In four seconds instead of a quarter of a minute.
    #[arg(long)]
    fast: bool,
}

/// The demo under way.
struct DemoRun {
    table: Table,
    clock: SystemClock,
    bus: String,
    watch: DemoProcess,
    faster: u64,
    provider: Option<DemoProcess>,
    /// When what is told next was done.
    done: Timestamp,
    began: Timestamp,
    slowest: Duration,
    rows: usize,
}

impl DemoArgs {
    pub(crate) fn run(&self, global: &GlobalOptions) -> Result<Outcome, Failure> {
        let table = Table { use_color: use_color(global.color.unwrap_or_default()) };
        let faster = if self.fast { FASTER } else { 1 };
        block_on(async {
            // Listened for first; whoever plays is killed when the show is dropped.
            match or_shutdown(run_scenario(table, faster), Ok(())).await {
                Ok(()) | Err(DemoError::OutputClosed) => Ok(Outcome::Yes),
                Err(DemoError::Failed(failure)) => Err(failure),
            }
        })
    }
}

/// Why the demo does not go on.
enum DemoError {
    /// Nobody reads what it writes any more.
    OutputClosed,
    Failed(Failure),
}

async fn run_scenario(table: Table, faster: u64) -> Result<(), DemoError> {
    let clock = SystemClock::start();
    let bus = bus::start().await?;
    let mut watch = DemoProcess::watch(&bus)?;
    // That nothing is there is the first thing that is said.
    watch.line().await?;
    let now = clock.civil();
    let mut run = DemoRun {
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
        run.table.bold("A client, its user, and what communicado says of them")
    ))?;
    print("On a private bus in this process, beside a real client and a real watcher.\n\n")?;
    print(&run.table.head("communicado"))?;
    for step in SCENARIO {
        run.step(step).await?;
    }
    run.summary()?;
    let is_there = run.on_the_web().await?;
    run.end(is_there)
}

impl DemoRun {
    async fn step(&mut self, step: &ScenarioStep) -> Result<(), DemoError> {
        match step {
            ScenarioStep::Start(steps) => Ok(self.start(steps).await?),
            ScenarioStep::Kill(after) => Ok(self.kill(*after).await?),
            ScenarioStep::Row(row) => self.row(row).await,
        }
    }

    /// Starts a provider that does this.
    async fn start(&mut self, steps: &[(u64, &str)]) -> Result<(), Failure> {
        self.done = self.clock.civil();
        self.began = self.done;
        let script = script(steps, self.faster);
        self.provider = Some(DemoProcess::provider(&self.bus, &script).await?);
        // That it is starting.
        self.next_status().await?;
        Ok(())
    }

    /// Kills the provider so many milliseconds after its start.
    async fn kill(&mut self, after: u64) -> Result<(), Failure> {
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

    async fn row(&mut self, row: &ScenarioRow) -> Result<(), DemoError> {
        if let Trigger::Status(status) = row.trigger {
            let told = self.next_status().await?;
            if told != status {
                return Err(
                    wrong(&format!("the provider reported `{told}`, not `{status}`")).into()
                );
            }
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
        if client.status.word() != row.expected.status || said != row.expected.more {
            return Err(wrong(&format!(
                "communicado said `{line}` where {:?} is true",
                row.expected
            ))
            .into());
        }
        self.slowest = self.slowest.max(after);
        self.rows += 1;
        print(&self.table.row(row.happens, client.status.word(), &said.join(", "), after))
    }

    /// What the provider tells next. When it did so is when it was done.
    async fn next_status(&mut self) -> Result<String, Failure> {
        let Some(provider) = &mut self.provider else {
            return Err(wrong("there is no provider that could tell"));
        };
        let line = provider.line().await?;
        let told: Value = serde_json::from_str(&line).map_err(|error| wrong(&error.to_string()))?;
        let text = |key| told.get(key).and_then(Value::as_str).unwrap_or_default();
        self.done = text("at").parse().map_err(|_| wrong(&line))?;
        Ok(text("status").to_owned())
    }

    fn summary(&self) -> Result<(), DemoError> {
        let (rows, slowest) = (self.rows, format_duration(self.slowest));
        print(&format!(
            "\n{rows} changes, the slowest told after {slowest}, the start of a program included.\n\
             Signed-out came before gone, also when the client was killed.\n\n"
        ))
    }

    /// Shows the same on the web, if there is a gateway; whether there is one.
    async fn on_the_web(&mut self) -> Result<bool, DemoError> {
        let Some(gateway) = web_page::program() else { return Ok(false) };
        let mut web_page = WebPage::open(&gateway, &self.bus).await?;
        print(&format!("{}\n", self.table.bold("The same for a page on the web")))?;
        print(&format!("Through a gateway at {} and an agent on her laptop.\n\n", web_page.url()))?;
        print(&self.table.head("the page"))?;
        self.start(WEB_CLIENT).await?;
        for row in WEB {
            let Trigger::Status(status) = row.trigger else { continue };
            while self.next_status().await? != status {}
            self.page_row(&mut web_page, row.happens, &row.expected).await?;
        }
        self.kill(WEB_CLIENT_ENDS).await?;
        let gone = Expected { status: "absent", more: &[] };
        self.page_row(&mut web_page, "kill -9 of her client", &gone).await?;
        print("\n")?;
        Ok(true)
    }

    /// Waits until the page says this.
    async fn page_row(
        &mut self,
        web_page: &mut WebPage,
        happens: &str,
        expected: &Expected,
    ) -> Result<(), DemoError> {
        web_page.wait_for(expected).await?;
        let after = self.clock.civil().since(self.done);
        print(&self.table.row(happens, expected.status, &expected.more.join(", "), after))
    }

    fn end(&self, web_page: bool) -> Result<(), DemoError> {
        let bold = |text| self.table.bold(text);
        let on_the_web = if web_page {
            "  communicado-gateway serve    says how to go on, and where its board is\n"
        } else {
            "  cargo build --release -p communicado-gateway    and this demo shows it too\n"
        };
        print(&format!(
            "{}\n\
             \x20 communicado watch     beside Pidgin, Finch or Chatty: sign in or out there\n\
             \x20 communicado doctor    what is there, what is missing, and what to do\n\n\
             {}\n\
             \x20 communicado provide --sign-in &\n\
             \x20 communicado provide set busy --activity in-a-meeting --for 30m\n\n\
             {}\n{on_the_web}",
            bold("The same with your own client:"),
            bold("And as a client yourself:"),
            bold("And on the web:"),
        ))
    }
}

/// Writes to standard output.
fn print(text: &str) -> Result<(), DemoError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(DemoError::OutputClosed),
        written => printed(written).map(|_| ()).map_err(DemoError::Failed),
    }
}

impl From<Failure> for DemoError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn wrong(cause: &str) -> Failure {
    Failure::new(Outcome::Failed, "the demo did not go as it should")
        .cause(cause)
        .help("report it with the output of `communicado doctor`")
}
