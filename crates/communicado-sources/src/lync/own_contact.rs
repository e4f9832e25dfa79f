//! The user's contact, with a subscription to its presence.

use communicado_windows::com::office::{
    ADD_CONTACT, CREATE_SUBSCRIPTION, GET_CONTACT_BY_URI, SELF, SELF_CONTACT, SUBSCRIBE,
    UNSUBSCRIBE,
};
use communicado_windows::com::{AdvisoryConnection, CallArgument, CallError, Object};
use communicado_windows::{Guid, Variant};

use super::caller::Caller;
use crate::windows::com_worker::EventSender;
use crate::windows::reading::MemberValue;

/// `_IContactEvents`.
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);
/// `ContactInformationType`.
pub(super) const AVAILABILITY: i32 = 0;
pub(super) const ACTIVITY_ID: i32 = 1;
pub(super) const PERSONAL_NOTE: i32 = 22;
/// The information of which the client reports changes.
const INFORMATION: [i32; 3] = [AVAILABILITY, ACTIVITY_ID, PERSONAL_NOTE];
/// `ContactSubscriptionRefreshRate`.
const HIGH: i32 = 2;

/// The user's contact.
pub(super) struct OwnContact<'a> {
    object: Object<'a>,
    /// The user whose contact it is.
    uri: MemberValue,
    /// Without events, the presence is as old as the last liveness check.
    listening: Option<AdvisoryConnection<'a>>,
    subscription: Option<Subscription<'a>>,
}

/// A subscription of the client to the contact's presence. Dropping it unsubscribes.
struct Subscription<'a> {
    object: Object<'a>,
    caller: Caller,
    is_abandoned: bool,
}

impl<'a> OwnContact<'a> {
    /// Finds the contact of the signed-in user, if the client provides it, and listens to it.
    pub(super) fn find(
        caller: &Caller,
        client: &Object<'a>,
        manager: Option<&Object<'a>>,
        uri: &MemberValue,
        events: &EventSender,
    ) -> Result<Option<Self>, CallError> {
        let own = caller.object(client, &SELF, &[])?;
        let mut found = match &own {
            Some(own) => caller.object(own, &SELF_CONTACT, &[])?,
            None => None,
        };
        let address = uri.as_ref().ok().and_then(Variant::text).filter(|uri| !uri.is_empty());
        if let (None, Some(manager), Some(address)) = (&found, manager, address) {
            let address = [CallArgument::Text(address)];
            found = caller.object(manager, &GET_CONTACT_BY_URI, &address)?;
        }
        Ok(found.map(|object| {
            let advised = object.advise(CONTACT_EVENTS, events.on_change());
            caller.record("Advise(_IContactEvents)", &advised);
            Self { object, uri: uri.clone(), listening: advised.ok(), subscription: None }
        }))
    }

    /// Returns whether it is the contact of this user.
    pub(super) fn is_of(&self, uri: &MemberValue) -> bool {
        self.uri == *uri
    }

    pub(super) const fn object(&self) -> &Object<'a> {
        &self.object
    }

    /// Subscribes once: some clients send events of subscribed contacts only.
    pub(super) fn subscribe(
        &mut self,
        caller: &Caller,
        manager: &Object<'a>,
    ) -> Result<(), CallError> {
        if self.subscription.is_some() {
            return Ok(());
        }
        let Some(object) = caller.object(manager, &CREATE_SUBSCRIPTION, &[])? else {
            return Ok(());
        };
        let contact = [CallArgument::Object(&self.object)];
        let types = [CallArgument::Number(HIGH), CallArgument::Numbers(&INFORMATION)];
        if caller.call(&object, &ADD_CONTACT, &contact)?.is_ok()
            && caller.call(&object, &SUBSCRIBE, &types)?.is_ok()
        {
            let caller = caller.clone();
            self.subscription = Some(Subscription { object, caller, is_abandoned: false });
        }
        Ok(())
    }

    /// Drops the contact without a call, for a client that has exited.
    pub(super) fn abandon(self) {
        self.listening.into_iter().for_each(AdvisoryConnection::abandon);
        if let Some(mut subscription) = self.subscription {
            subscription.is_abandoned = true;
        }
    }
}

impl Drop for Subscription<'_> {
    fn drop(&mut self) {
        if !self.is_abandoned {
            // Some clients do not implement it. The last reference ends the subscription too.
            let _ = self.caller.call(&self.object, &UNSUBSCRIBE, &[]);
        }
    }
}
