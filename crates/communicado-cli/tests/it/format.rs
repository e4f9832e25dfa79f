//! Templates that cannot be used. Those that can are tested where they are rendered.

use crate::program::communicado;

const HELP: &str = "  help: keys: client, status, availability, activity, raw, reason, since, \
                    saved, source, accounts, at, revision, before, running, now; helpers: \
                    lc(text), uc(text), default(text, other), trunc(text, length), \
                    markup_escape(text), duration(time), emoji(word)\n";

#[test]
fn a_wrong_template_is_told_before_anything_is_watched() {
    let check = |template: &str, cause: &str| {
        for command in [&["status"][..], &["watch"], &[]] {
            let arguments = [command, &["--format", template]].concat();
            communicado(&arguments).gives(2, "", &format!("error: {cause}\n{HELP}"));
        }
    };
    check("{{ titel }}", "the template uses a key that there is not: titel");
    check(
        "{% for a in accounts %}{{ a.name }}{% endfor %}",
        "the template uses a key that there is not: a.name",
    );
    check("{{ shout(status) }}", "the template calls a helper that there is not: shout is unknown");
    check(
        "{{ status",
        "the template cannot be used: syntax error: unexpected end of input, expected end of \
         variable block (in --format:1)",
    );
    check("{{ trunc(client) }}", "the template cannot be used: missing argument (in --format:1)");
}
