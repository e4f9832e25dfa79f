//! A provider script: it is rejected with a line number, or its steps go forward in time.

use communicado_core::Moment;
use communicado_provider::script::{ScriptAction, Script};
use communicado_provider::{Account, ProviderCommand, Provider, ProviderEvent};

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    let script = match Script::parse(text) {
        Ok(script) => script,
        Err(error) => {
            assert!(error.line >= 1, "{error}");
            assert!(!error.to_string().contains('\n'), "one line: {error}");
            return;
        }
    };
    assert!(script.steps.is_sorted_by_key(|step| step.after), "time goes back");
    let account = Account::new("alice@example.com", "Alice").expect("it can be shown");
    let mut provider = Provider::new(account);
    let _ = provider.handle(Moment::START, ProviderCommand::Started);
    let mut signed_in = false;
    for step in script.steps {
        let ScriptAction::Command(command) = step.action else { continue };
        for event in provider.handle(Moment::new(step.after), command).events {
            match event {
                ProviderEvent::SignedIn(_) => signed_in = true,
                ProviderEvent::SignedOut(_) => signed_in = false,
                ProviderEvent::ShuttingDown => assert!(!signed_in, "signed out comes first"),
                _ => {}
            }
        }
    }
}
