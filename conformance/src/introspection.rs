//! The members of D-Bus interfaces in an introspection document.

use crate::expect_ok::ExpectOk as _;

/// The members of the interfaces that start with `prefix`, a line each: interface, kind, name and
/// arguments.
pub fn members(xml: &str, prefix: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut interface = String::new();
    for tag in xml.split('<').skip(1) {
        let tag = tag.split('>').next().unwrap_or_default().trim_end_matches('/');
        let name = attribute(tag, "name");
        match tag.split_whitespace().next() {
            Some("interface") => interface = name,
            Some(kind @ ("method" | "property" | "signal")) if interface.starts_with(prefix) => {
                let more = ["type", "access"].map(|key| attribute(tag, key)).join(" ");
                found.push(format!("{interface} {kind} {name} {more}").trim_end().to_owned());
            }
            Some("arg" | "annotation") if interface.starts_with(prefix) => {
                let keys = ["type", "direction", "value"];
                let more = keys.map(|key| attribute(tag, key)).join(" ");
                let last = found.last_mut().expect_ok("find what an argument belongs to");
                last.push_str(&format!(" | {name} {}", more.trim()));
            }
            _ => {}
        }
    }
    found
}

fn attribute(tag: &str, key: &str) -> String {
    let value = tag.split(&format!(" {key}=\"")).nth(1).and_then(|rest| rest.split('"').next());
    value.unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_is_another_one_is_noticed() {
        let xml = "<interface name=\"org.test.Provider1\"><method name=\"A\">\
                   <arg name=\"b\" type=\"s\" direction=\"in\"/></method></interface>";
        assert_eq!(members(xml, "org.test"), ["org.test.Provider1 method A | b s in"]);
        let other = members(&xml.replace("type=\"s\"", "type=\"u\""), "org.test");
        assert_ne!(members(xml, "org.test"), other);
    }
}
