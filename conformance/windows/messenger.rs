//! The SDK's `messenger` module, used by the console program of the article.

use communicado_conformance::{Wine, within};

use crate::communicator;

const BEGINS: &[&str] = &["Press Enter key to exit the application.", ""];

fn a_whole_session_in_the_words_of_the_article(wine: &Wine) {
    let mut gate = wine.start("sign_in_gate.exe");
    gate.says(BEGINS);
    gate.says(&["Communicator is not running."]);
    let mut peer = communicator(wine);
    peer.come_up();
    gate.says(&["Communicator is running."]);
    // It prints this after its first query.
    within("the gate has asked for the status", || {
        (!peer.tell("calls").starts_with("1 ")).then_some(())
    });
    peer.tell("fire signin 0x81000303");
    gate.says(&["OnSignin 0x81000303"]);
    peer.tell("status 2");
    peer.tell("fire signin 0");
    gate.says(&["OnSignin 0x00000000", "The feature is on."]);
    peer.tell("status 1");
    peer.tell("fire signout");
    gate.says(&["OnSignout", "The feature is off."]);
    gate.enter();
}

fn a_client_that_is_killed_signs_out_and_its_successor_is_found(wine: &Wine) {
    let mut peer = communicator(wine);
    peer.tell("status 2");
    peer.come_up();
    let mut gate = wine.start("sign_in_gate.exe");
    gate.says(BEGINS);
    gate.says(&["Communicator is running.", "The feature is on."]);
    peer.kill();
    gate.says(&["OnSignout", "The feature is off.", "OnAppShutdown"]);
    gate.says(&["Communicator is not running."]);
    wine.restart_com();
    let mut peer = communicator(wine);
    peer.tell("status 2");
    peer.come_up();
    gate.says(&["Communicator is running.", "The feature is on."]);
    peer.tell("fire shutdown");
    gate.says(&["OnSignout", "The feature is off.", "OnAppShutdown"]);
    peer.tell("quit");
    gate.enter();
}

fn a_refusal_has_its_meaning_and_the_program_continues(wine: &Wine) {
    let mut peer = communicator(wine);
    peer.tell("register 80040111");
    peer.tell("flag 2");
    let mut gate = wine.start("sign_in_gate.exe");
    gate.says(BEGINS);
    gate.says(&["Communicator returns an error: CLASS_E_CLASSNOTAVAILABLE (0x80040111)"]);
    peer.tell("register 80080005");
    gate.says(&["Communicator returns an error: CO_E_SERVER_EXEC_FAILURE (0x80080005)"]);
    peer.tell("status 2");
    peer.tell("register");
    gate.says(&["Communicator is running.", "The feature is on."]);
    gate.enter();
}

crate::beside_both! {
    a_whole_session_in_the_words_of_the_article,
    a_client_that_is_killed_signs_out_and_its_successor_is_found,
    a_refusal_has_its_meaning_and_the_program_continues,
}
