//! The list of components of a program, in the formats CycloneDX and SPDX.
//!
//! cargo-sbom and cargo-cyclonedx write a new time and number at each run, and list the crates of
//! all platforms. So two builds would differ.

use std::fs;
use std::path::Path;

use super::Release;
use super::inventory::Component;

/// Writes both lists into `folder`.
pub(super) fn write(
    folder: &Path,
    name: &str,
    inventory: &[Component],
    release: &Release,
) -> Result<(), String> {
    let base = format!("{name}-{}", release.version);
    for (ending, text) in [
        ("cdx.json", cyclonedx(inventory, release)?),
        ("spdx.json", spdx(&base, inventory, release)?),
    ] {
        let file = folder.join(format!("{base}.{ending}"));
        fs::write(&file, text).map_err(|error| format!("{}: {error}", file.display()))?;
    }
    Ok(())
}

fn cyclonedx(inventory: &[Component], release: &Release) -> Result<String, String> {
    let component = |kind: &str, it: &Component| {
        let hash = it.checksum.as_ref().map_or(String::new(), |sum| {
            format!(r#","hashes":[{{"alg":"SHA-256","content":"{sum}"}}]"#)
        });
        let [name, version, licence] = [&it.name, &it.version, &it.licence].map(|it| quote(it));
        Ok::<_, String>(format!(
            r#"{{"type":"{kind}","bom-ref":"{url}","name":{},"version":{},"licenses":[{{"expression":{}}}],"purl":"{url}"{hash}}}"#,
            name?,
            version?,
            licence?,
            url = purl(it)
        ))
    };
    let (program, others) = inventory.split_first().ok_or("the program has no crate")?;
    let others: Result<Vec<String>, String> =
        others.iter().map(|it| component("library", it)).collect();
    let needs: Vec<String> = inventory
        .iter()
        .map(|it| {
            let on: Vec<String> =
                needed(it, inventory).map(|it| format!("\"{}\"", purl(it))).collect();
            format!(r#"{{"ref":"{}","dependsOn":[{}]}}"#, purl(it), on.join(","))
        })
        .collect();
    Ok(format!(
        "{{\"bomFormat\":\"CycloneDX\",\"specVersion\":\"1.5\",\"version\":1,\
         \"metadata\":{{\"timestamp\":\"{}\",\"component\":{}}},\n\
         \"components\":[\n{}\n],\n\"dependencies\":[\n{}\n]}}\n",
        release.timestamp,
        component("application", program)?,
        others?.join(",\n"),
        needs.join(",\n")
    ))
}

fn spdx(base: &str, inventory: &[Component], release: &Release) -> Result<String, String> {
    let package = |it: &Component| {
        let sum = it.checksum.as_ref().map_or(String::new(), |sum| {
            format!(r#","checksums":[{{"algorithm":"SHA256","checksumValue":"{sum}"}}]"#)
        });
        let [name, version, licence] = [&it.name, &it.version, &it.licence].map(|it| quote(it));
        Ok::<_, String>(format!(
            r#"{{"SPDXID":"{}","name":{},"versionInfo":{},"downloadLocation":"NOASSERTION","filesAnalyzed":false,"licenseConcluded":"NOASSERTION","licenseDeclared":{},"copyrightText":"NOASSERTION","externalRefs":[{{"referenceCategory":"PACKAGE-MANAGER","referenceType":"purl","referenceLocator":"{}"}}]{sum}}}"#,
            id(it),
            name?,
            version?,
            licence?,
            purl(it)
        ))
    };
    let packages: Result<Vec<String>, String> = inventory.iter().map(package).collect();
    let relation = |from: &str, kind: &str, to: &str| {
        format!(
            r#"{{"spdxElementId":"{from}","relationshipType":"{kind}","relatedSpdxElement":"{to}"}}"#
        )
    };
    let program = inventory.first().ok_or("the program has no crate")?;
    let mut relations = vec![relation("SPDXRef-DOCUMENT", "DESCRIBES", &id(program))];
    for it in inventory {
        let needs = needed(it, inventory).map(|need| relation(&id(it), "DEPENDS_ON", &id(need)));
        relations.extend(needs);
    }
    Ok(format!(
        "{{\"spdxVersion\":\"SPDX-2.3\",\"dataLicense\":\"CC0-1.0\",\"SPDXID\":\"SPDXRef-DOCUMENT\",\
         \"name\":\"{base}\",\"documentNamespace\":\"{}/spdx/{base}\",\"creationInfo\":\
         {{\"created\":\"{}\",\"creators\":[\"Tool: xtask-{}\"]}},\n\
         \"packages\":[\n{}\n],\n\"relationships\":[\n{}\n]}}\n",
        release.homepage,
        release.timestamp,
        release.version,
        packages?.join(",\n"),
        relations.join(",\n")
    ))
}

fn needed<'a>(it: &'a Component, all: &'a [Component]) -> impl Iterator<Item = &'a Component> {
    it.needs.iter().filter_map(|index| all.get(*index))
}

/// The package URL.
fn purl(it: &Component) -> String {
    format!("pkg:cargo/{}@{}", it.name, it.version.replace('+', "%2B"))
}

fn id(it: &Component) -> String {
    let text = format!("{}-{}", it.name, it.version);
    let letters = text.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '-' });
    format!("SPDXRef-Package-{}", letters.collect::<String>())
}

/// A JSON string. The names and licences of crates need no escapes.
fn quote(text: &str) -> Result<String, String> {
    let is_plain = |it: char| (it.is_ascii_graphic() || it == ' ') && it != '"' && it != '\\';
    if text.chars().all(is_plain) {
        return Ok(format!("\"{text}\""));
    }
    Err(format!("the name or licence {text:?} of a crate has characters that JSON escapes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_json_escapes_is_refused() {
        assert_eq!(quote("MIT OR Apache-2.0").as_deref(), Ok("\"MIT OR Apache-2.0\""));
        assert!(quote("a\"b").is_err() && quote("a\\b").is_err() && quote("a\nb").is_err());
    }
}
