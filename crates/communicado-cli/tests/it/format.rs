//! Invalid templates. `communicado-sinks` tests the valid ones.

use crate::program::communicado;

const HELP: &str = "  help: keys: client, status, availability, activity, raw, note, reason, since, \
                    saved, source, accounts, at, revision, before, running, now; helpers: \
                    lc(text), uc(text), default(text, other), trunc(text, length), \
                    markup_escape(text), duration(time), emoji(word), json(value)\n";

#[test]
fn an_invalid_template_is_refused_before_the_watch_starts() {
    let check = |template: &str, cause: &str| {
        for command in [&["status"][..], &["watch"], &[]] {
            let arguments = [command, &["--format", template]].concat();
            communicado(&arguments).expect(2, "", &format!("error: {cause}\n{HELP}"));
        }
    };
    check("{{ titel }}", "the template has an unknown key: titel");
    check(
        "{% for a in accounts %}{{ a.nam }}{% endfor %}",
        "the template has an unknown key: a.nam",
    );
    check("{{ shout(status) }}", "the template has an unknown helper: shout is unknown");
    check(
        "{{ status",
        "the template is not valid: syntax error: unexpected end of input, expected end of \
         variable block (in template:1)",
    );
    check("{{ trunc(client) }}", "the template is not valid: missing argument (in template:1)");
}
