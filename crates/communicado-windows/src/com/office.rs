//! Members of `IUCOfficeIntegration` and its objects (Lync SDK, type library UCCollaborationLib).

use super::dual::{ANY, CONTACT, DualMember, NUMBER, NUMBERS, OBJECT, TEXT};

const OFFICE_INTEGRATION: u128 = 0x6A22_2195_F65E_467F_8F77_EB18_0BD8_5288;
const LYNC_CLIENT: u128 = 0xC413_A27F_601E_4261_B9E3_0EB9_66F4_E7D1;
const LYNC_SELF: u128 = 0x4DA8_99D3_FAC7_4F43_8E4A_1987_988F_BC9B;
const CONTACT_MANAGER: u128 = 0xE6B3_F5FA_4208_4C37_AE07_F643_5B68_D693;
const SUBSCRIPTION: u128 = 0x95B8_D3E8_F3D5_4DC0_BCFE_AB80_C835_DEA0;

/// `IUCOfficeIntegration.GetAuthenticationInfo(version)`: a text.
pub const GET_AUTHENTICATION_INFO: DualMember =
    DualMember::new("GetAuthenticationInfo", OFFICE_INTEGRATION, 8, &[TEXT], Some(TEXT));
/// `IUCOfficeIntegration.GetInterface(version, interface)`: an object.
pub const GET_INTERFACE: DualMember =
    DualMember::new("GetInterface", OFFICE_INTEGRATION, 9, &[TEXT, NUMBER], Some(OBJECT));
/// `ILyncClient.State`: a number.
pub const STATE: DualMember = DualMember::new("State", LYNC_CLIENT, 8, &[], Some(NUMBER));
/// `ILyncClient.Uri`: a text.
pub const URI: DualMember = DualMember::new("Uri", LYNC_CLIENT, 9, &[], Some(TEXT));
/// `ILyncClient.Self`: an object.
pub const SELF: DualMember = DualMember::new("Self", LYNC_CLIENT, 10, &[], Some(OBJECT));
/// `ILyncClient.ContactManager`: an object.
pub const GET_CONTACT_MANAGER: DualMember =
    DualMember::new("ContactManager", LYNC_CLIENT, 11, &[], Some(OBJECT));
/// `ISelf.Contact`: an object.
pub const SELF_CONTACT: DualMember = DualMember::new("Contact", LYNC_SELF, 8, &[], Some(OBJECT));
/// `IContactManager.GetContactByUri(uri)`: an object.
pub const GET_CONTACT_BY_URI: DualMember =
    DualMember::new("GetContactByUri", CONTACT_MANAGER, 8, &[TEXT], Some(OBJECT));
/// `IContactManager.CreateSubscription()`: an object.
pub const CREATE_SUBSCRIPTION: DualMember =
    DualMember::new("CreateSubscription", CONTACT_MANAGER, 10, &[], Some(OBJECT));
/// `IContact.GetContactInformation(type)`: any value.
pub const GET_CONTACT_INFORMATION: DualMember =
    DualMember::new("GetContactInformation", CONTACT, 8, &[NUMBER], Some(ANY));
/// `IContactSubscription.Subscribe(rate, types)`.
pub const SUBSCRIBE: DualMember =
    DualMember::new("Subscribe", SUBSCRIPTION, 7, &[NUMBER, NUMBERS], None);
/// `IContactSubscription.Unsubscribe()`.
pub const UNSUBSCRIBE: DualMember = DualMember::new("Unsubscribe", SUBSCRIPTION, 8, &[], None);
/// `IContactSubscription.AddContact(contact)`.
pub const ADD_CONTACT: DualMember = DualMember::new("AddContact", SUBSCRIPTION, 9, &[OBJECT], None);
