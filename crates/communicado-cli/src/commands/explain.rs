//! `explain`: the meaning of a code.

use std::fmt::Write as _;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, print};
use communicado_codes::{Certainty, Explanation};

/// Explain an error code or status code, and what to do.
///
/// Accepts a code as it appears in a message: 80040111, 0x8100031E, -2147221231, or a name such as
/// MSGR_E_NOT_LOGGED_ON or MISTATUS_ONLINE. Also accepts a signed hexadecimal number (-0x7efffce2),
/// the notations of Visual Basic (&H8100031E&) and of assemblers (8100031Eh), thousands separators,
/// typographic minus signs, full-width digits, and a number that is sign-extended to 64 bits.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The code, its name, or a message that contains it.
    #[arg(value_name = "CODE", required = true, num_args = 1.., allow_hyphen_values = true)]
    code: Vec<String>,
}

impl ExplainArgs {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let text = self.code.join(" ");
        let readings = communicado_codes::explain(&text).map_err(|error| {
            let failure = Failure::usage(error.to_string());
            match error.help() {
                Some(help) => failure.help(help),
                None => failure,
            }
        })?;
        let shown: Vec<String> = readings.iter().map(explained).collect();
        print(&shown.join("\n"))?;
        Ok(Outcome::Yes)
    }
}

fn explained(reading: &Explanation) -> String {
    let mut text = String::new();
    let name = reading.name.unwrap_or("unknown name");
    let _ = match reading.number {
        None => writeln!(text, "{name}"),
        Some(number @ ..=0xFFFF) => writeln!(text, "{number} (0x{number:X})  {name}"),
        Some(number) => writeln!(text, "0x{number:08X}  {name}"),
    };
    if let Some(family) = reading.family {
        let _ = writeln!(text, "  family: {family}, read as {}", reading.read_as);
    }
    let _ = writeln!(text, "  meaning: {}", reading.meaning);
    let _ = writeln!(text, "  help: {}", reading.action);
    if let Some(status) = reading.status {
        let _ = writeln!(text, "  status: {status}");
    }
    match reading.certainty {
        Certainty::Known => {}
        Certainty::Inferred => text.push_str("  certainty: inferred from the bit pattern\n"),
        Certainty::Unknown => text.push_str("  certainty: decoded only; the code is in no table\n"),
    }
    text
}
