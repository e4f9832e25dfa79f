//! Sign-in at `django-oauth-toolkit`, which makes an issuer of a site in Django.

use std::process::Command;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::fixture::{Response, free_port, peer};
use crate::foreign_clients::script;
use crate::issuers::{SECRET, SignIn, base};
use crate::sign_in::Issuer;

fn issuer(port: u16, method: &str) -> Issuer {
    let redirect_uri = format!("{}/v1/oidc/callback", base(port));
    let mut command = Command::new(peer("python"));
    Issuer::of(command.arg(script("django_issuer.py")).args([&redirect_uri, method]))
}

/// The value of an attribute in a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    tag.split(&format!(" {name}=\"")).nth(1)?.split('"').next()
}

/// The hidden fields of the form in a page, and `more`, as the body of a request.
fn filled(page: &Response, more: &str) -> String {
    let tags = page.body.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
    let hidden = tags.filter(|tag| attribute(tag, "type") == Some("hidden"));
    let fields = hidden.filter_map(|tag| {
        let value = attribute(tag, "value")?.replace("&amp;", "&");
        Some(format!(
            "{}={}",
            attribute(tag, "name")?,
            utf8_percent_encode(&value, NON_ALPHANUMERIC)
        ))
    });
    fields.chain([more.to_owned()]).collect::<Vec<_>>().join("&")
}

/// Signs in with Django's form, consents, and returns the last response of the gateway.
fn sign_in(setup: &SignIn, name: &str) -> Response {
    let browser = setup.browser(name);
    let back = format!("{}/v1/oidc/callback", browser.base);
    let (login, page) = browser.follow(&format!("{}/v1/oidc/start", browser.base), None, &back);
    let form = filled(&page, &format!("username={name}&password=x"));
    let (consent, page) = browser.follow(&login, Some(&form), &back);
    assert!(page.body.contains("authorizationForm"), "{page:?}");
    let form = filled(&page, "allow=Authorize");
    let (callback, _) = browser.follow(&consent, Some(&form), &back);
    assert!(callback.starts_with(&back), "{callback}");
    browser.follow(&callback, None, &format!("{}/", browser.base)).1
}

#[test]
fn a_person_signs_in_at_a_site_in_django_whichever_way_it_takes_the_secret_and_gives_the_claim() {
    for method in ["client_secret_basic", "client_secret_post"] {
        let port = free_port();
        let issuer = issuer(port, method);
        let setup = SignIn::start(port, &issuer.address, SECRET, &["--oidc-claim", "email"]);
        setup.add("lovelace", &["ada@example.org"]).expect_json(201);
        setup.add("eve", &["eve@example.org"]).expect_json(201);
        assert_eq!(sign_in(&setup, "ada").status, 302, "{method} {:?}", setup.log());
        assert_eq!(setup.session("ada")["person"], "lovelace");
        let refused = sign_in(&setup, "eve");
        assert_eq!(refused.status, 403, "{method}");
        assert!(refused.body.contains("not verified your email"), "{}", refused.body);
        assert_eq!(setup.log().len(), 1, "{method} {:?}", setup.log());
    }
}

#[test]
fn a_wrong_secret_at_a_site_in_django_is_a_matter_of_the_operator() {
    let port = free_port();
    let issuer = issuer(port, "client_secret_post");
    let claim = ["--oidc-claim", "email"];
    let setup = SignIn::start(port, &issuer.address, "another secret", &claim);
    let refused = sign_in(&setup, "ada");
    assert_eq!(refused.status, 403);
    assert!(refused.body.contains("the log of the gateway has the cause"), "{}", refused.body);
    let log = setup.log();
    assert!(log.len() == 1 && log[0].contains("invalid_client"), "{log:?}");
}
