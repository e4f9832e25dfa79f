//! `demo`: a client goes through a day while `watch` reports its status.
//!
//! The demo runs three processes: this one, which is also the session bus; a `provide`, which is
//! killed once; and a `watch`. If the gateway is installed, a gateway and an `agent` follow. The
//! demo compares each line of `watch` with the scenario, and fails if they differ.

mod bus;
mod processes;
mod scenario;
mod table;
mod web_page;

use std::io::{ErrorKind, Write as _};
use std::time::Duration;

use clap::Args;
use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, check_written};
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
use crate::options::GlobalOptions;
use crate::runtime::{block_on, or_shutdown, use_color};

/// The speed-up of `--fast`.
const SPEED_UP: u64 = 5;

/// Demonstrate Communicado with a simulated client, in 15 seconds.
///
/// Needs no desktop session, server, display or network. Leaves no files or processes behind.
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Take 4 seconds instead of 15.
    #[arg(long)]
    fast: bool,
}

/// The running demo.
struct DemoRun {
    table: Table,
    clock: SystemClock,
    bus: String,
    watch: DemoProcess,
    speed: u64,
    provider: Option<DemoProcess>,
    /// The time of the event that the next line reports.
    event_time: Timestamp,
    began: Timestamp,
    slowest: Duration,
    rows: usize,
}

impl DemoArgs {
    pub(crate) fn run(&self, global: &GlobalOptions) -> Result<Outcome, Failure> {
        let table = Table { use_color: use_color(global.color.unwrap_or_default()) };
        let speed = if self.fast { SPEED_UP } else { 1 };
        block_on(async {
            // The processes are killed when the future is dropped.
            match or_shutdown(run_scenario(table, speed), Ok(())).await {
                Ok(()) | Err(DemoError::OutputClosed) => Ok(Outcome::Yes),
                Err(DemoError::Failed(failure)) => Err(failure),
            }
        })
    }
}

/// The reason why the demo stops early.
enum DemoError {
    /// Standard output is closed.
    OutputClosed,
    Failed(Failure),
}

async fn run_scenario(table: Table, speed: u64) -> Result<(), DemoError> {
    let clock = SystemClock::start();
    let bus = bus::start().await?;
    let mut watch = DemoProcess::watch(&bus)?;
    // The first line reports that no client is running.
    watch.line().await?;
    let now = clock.civil();
    let mut run = DemoRun {
        table,
        clock,
        bus,
        watch,
        speed,
        provider: None,
        event_time: now,
        began: now,
        slowest: Duration::ZERO,
        rows: 0,
    };
    print(&format!("{}\n", run.table.bold("A client, its user, and what communicado reports")))?;
    print("The client and `communicado watch` are real processes on a private bus.\n\n")?;
    print(&run.table.head("communicado"))?;
    for step in SCENARIO {
        run.step(step).await?;
    }
    run.summary()?;
    let has_gateway = run.on_the_web().await?;
    run.end(has_gateway)
}

impl DemoRun {
    async fn step(&mut self, step: &ScenarioStep) -> Result<(), DemoError> {
        match step {
            ScenarioStep::Start(steps) => Ok(self.start(steps).await?),
            ScenarioStep::Kill(after) => Ok(self.kill(*after).await?),
            ScenarioStep::Row(row) => self.row(row).await,
        }
    }

    /// Starts a provider that plays these steps.
    async fn start(&mut self, steps: &[(u64, &str)]) -> Result<(), Failure> {
        self.event_time = self.clock.civil();
        self.began = self.event_time;
        let script = script(steps, self.speed);
        self.provider = Some(DemoProcess::provider(&self.bus, &script).await?);
        // The first status is `starting`.
        self.next_status().await?;
        Ok(())
    }

    /// Kills the provider this many milliseconds after its start.
    async fn kill(&mut self, after: u64) -> Result<(), Failure> {
        let at = self.began.after(Duration::from_millis(after / self.speed));
        let left = at.since(self.clock.civil());
        // Without a timer, the provider is killed at once.
        let _ = sleep_until(&self.clock, self.clock.now().after(left)).await;
        if let Some(mut provider) = self.provider.take() {
            self.event_time = self.clock.civil();
            provider.kill()?;
            provider.ended().await;
        }
        Ok(())
    }

    async fn row(&mut self, row: &ScenarioRow) -> Result<(), DemoError> {
        if let Trigger::Status(status) = row.trigger {
            let reported = self.next_status().await?;
            if reported != status {
                return Err(
                    wrong(&format!("the provider reported `{reported}`, not `{status}`")).into()
                );
            }
        }
        let line = self.watch.line().await?;
        let after = self.clock.civil().since(self.event_time);
        let client = Client::from_json(&line).map_err(|error| wrong(&error.to_string()))?;
        let details = [
            client.availability.map(|it| it.word()),
            client.activity.map(|it| it.word()),
            client.reason.as_deref(),
        ];
        let details: Vec<&str> = details.into_iter().flatten().collect();
        if client.status.word() != row.expected.status || details != row.expected.details {
            return Err(wrong(&format!(
                "communicado reported `{line}` instead of {:?}",
                row.expected
            ))
            .into());
        }
        self.slowest = self.slowest.max(after);
        self.rows += 1;
        print(&self.table.row(row.event, client.status.word(), &details.join(", "), after))
    }

    /// The next status that the provider reports. Its time is the time of the event.
    async fn next_status(&mut self) -> Result<String, Failure> {
        let Some(provider) = &mut self.provider else {
            return Err(wrong("no provider is running"));
        };
        let line = provider.line().await?;
        let report: Value =
            serde_json::from_str(&line).map_err(|error| wrong(&error.to_string()))?;
        let text = |key| report.get(key).and_then(Value::as_str).unwrap_or_default();
        self.event_time = text("at").parse().map_err(|_| wrong(&line))?;
        Ok(text("status").to_owned())
    }

    fn summary(&self) -> Result<(), DemoError> {
        let (rows, slowest) = (self.rows, format_duration(self.slowest));
        print(&format!(
            "\n{rows} changes. The slowest report took {slowest}, including the start of a program.\n\
             `signed-out` always came before `absent`, even when the client was killed.\n\n"
        ))
    }

    /// Shows the same in a web page, if the gateway is installed. Returns whether it is.
    async fn on_the_web(&mut self) -> Result<bool, DemoError> {
        let Some(gateway) = web_page::program() else { return Ok(false) };
        let mut web_page = WebPage::open(&gateway, &self.bus).await?;
        print(&format!("{}\n", self.table.bold("The same in a web page")))?;
        print(&format!(
            "Through a gateway at {} and an agent on Ada's laptop.\n\n",
            web_page.url()
        ))?;
        print(&self.table.head("the page"))?;
        self.start(WEB_CLIENT).await?;
        for row in WEB {
            let Trigger::Status(status) = row.trigger else { continue };
            while self.next_status().await? != status {}
            self.page_row(&mut web_page, row.event, &row.expected).await?;
        }
        self.kill(WEB_CLIENT_ENDS).await?;
        let gone = Expected { status: "absent", details: &[] };
        self.page_row(&mut web_page, "kill -9 of her client", &gone).await?;
        print("\n")?;
        Ok(true)
    }

    /// Waits until the page shows the expected status.
    async fn page_row(
        &mut self,
        web_page: &mut WebPage,
        event: &str,
        expected: &Expected,
    ) -> Result<(), DemoError> {
        web_page.async_fd(expected).await?;
        let after = self.clock.civil().since(self.event_time);
        print(&self.table.row(event, expected.status, &expected.details.join(", "), after))
    }

    fn end(&self, has_gateway: bool) -> Result<(), DemoError> {
        let bold = |text| self.table.bold(text);
        let on_the_web = if has_gateway {
            "  communicado-gateway serve    prints the next steps and its board's address\n"
        } else {
            "  cargo build --release -p communicado-gateway    then this demo shows it too\n"
        };
        print(&format!(
            "{}\n\
             \x20 communicado watch     with Pidgin, Finch or Chatty: sign in or out there\n\
             \x20 communicado doctor    what is found, what is missing, and what to do\n\n\
             {}\n\
             \x20 communicado provide --sign-in &\n\
             \x20 communicado provide set busy --activity in-a-meeting --for 30m\n\n\
             {}\n{on_the_web}",
            bold("Try it with your own client:"),
            bold("Simulate a client:"),
            bold("On the web:"),
        ))
    }
}

/// Prints to standard output.
fn print(text: &str) -> Result<(), DemoError> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(DemoError::OutputClosed),
        written => check_written(written).map_err(DemoError::Failed),
    }
}

impl From<Failure> for DemoError {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

fn wrong(cause: &str) -> Failure {
    Failure::new(Outcome::Failed, "the demo failed")
        .cause(cause)
        .help("report this with the output of `communicado doctor`")
}
