//! The program `communicado-gateway`; all of it is in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    communicado_gateway::main()
}
