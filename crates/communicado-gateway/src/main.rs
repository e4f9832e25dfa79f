//! The program `communicado-gateway`. Its code is in the library, where tests reach it.

use std::process::ExitCode;

fn main() -> ExitCode {
    communicado_gateway::main()
}
