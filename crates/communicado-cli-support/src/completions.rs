//! The command `completions`.

use clap::{Args, Command};
use clap_complete::Shell;

use crate::{Failure, print};

/// Print a completion script for a shell.
///
/// For bash, write it to the folder ~/.local/share/bash-completion/completions. The name of the
/// file is the name of the program.
#[derive(Debug, Args)]
pub struct CompletionsArgs {
    /// Shell to generate the script for.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl CompletionsArgs {
    /// Prints the completion script of `program`.
    ///
    /// # Errors
    ///
    /// If standard output cannot be written.
    pub fn run(self, mut program: Command) -> Result<(), Failure> {
        let name = program.get_name().to_owned();
        let mut text = Vec::new();
        clap_complete::generate(self.shell, &mut program, name, &mut text);
        let text = String::from_utf8_lossy(&text);
        if self.shell == Shell::Bash { print(&without_space(&text)) } else { print(&text) }
    }
}

/// The script for bash, which adds no space after a word that ends with `=`.
fn without_space(script: &str) -> String {
    const WITH_SPACE: &str = "complete -F _";
    let calls = script.split(WITH_SPACE).nth(1).and_then(|rest| rest.split(' ').next());
    let Some(generated) = calls else { return script.to_owned() };
    let wrapper = format!(
        "_without_space_{generated}() {{\n    _{generated} \"$@\"\n    \
         if [[ ${{COMPREPLY[0]-}} == *= ]]; then compopt -o nospace; fi\n}}\n\n"
    );
    wrapper + &script.replace(WITH_SPACE, "complete -F _without_space_")
}
