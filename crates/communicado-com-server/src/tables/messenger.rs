//! `IMessenger` and related interfaces, with their members in vtable order (Microsoft, Office
//! Communicator 2007 SDK, type library CommunicatorAPI 1.0).
//!
//! **Know:** the setter of `MyStatus` precedes the getter.

use communicado_windows::Guid;
use communicado_windows::com::serve::Interface;
use communicado_windows::com::serve::Member;
use communicado_windows::com::serve::ValueKind::{Bool, Number, Object, Text, Variant};

/// `IMessengerAdvanced`, derived from `IMessenger3`, `IMessenger2` and `IMessenger`.
pub(crate) static MESSENGER: Interface = Interface::new(
    &[
        Guid(0xDA06_35E8_09AF_480C_88B2_AA9F_A1D9_DB27),
        Guid(0xD50C_3386_0F89_48F8_B204_3604_629D_EE10),
        Guid(0xD50C_3286_0F89_48F8_B204_3604_629D_EE10),
        Guid(0xD50C_3186_0F89_48F8_B204_3604_629D_EE10),
    ],
    &[
        Member::get::<7>("Window", 1283, &[], Object),
        Member::call::<8>("ViewProfile", 1285, &[Variant], None),
        Member::get::<9>("ReceiveFileDirectory", 1280, &[], Text),
        Member::call::<10>("StartVoice", 1281, &[Variant], Some(Object)),
        Member::call::<11>("InviteApp", 1295, &[Variant, Text], Some(Object)),
        Member::call::<12>("SendMail", 1298, &[Variant], None),
        Member::call::<13>("OpenInbox", 1293, &[], None),
        Member::call::<14>("SendFile", 1292, &[Variant, Text], Some(Object)),
        Member::call::<15>("Signout", 1291, &[], None),
        Member::call::<16>("Signin", 1297, &[Number, Text, Text], None),
        Member::call::<17>("GetContact", 1286, &[Text, Text], Some(Object)),
        Member::call::<18>("OptionsPages", 1287, &[Number, Number], None),
        Member::call::<19>("AddContact", 1288, &[Number, Text], None),
        Member::call::<20>(
            "FindContact",
            1289,
            &[Number, Text, Text, Variant, Variant, Variant],
            None,
        ),
        Member::call::<21>("InstantMessage", 1290, &[Variant], Some(Object)),
        Member::call::<22>("Phone", 1300, &[Variant, Number, Text], Some(Object)),
        Member::call::<23>("MediaWizard", 1301, &[Number], None),
        Member::call::<24>("Page", 1302, &[Variant], Some(Object)),
        Member::call::<25>("AutoSignin", 1299, &[], None),
        Member::get::<26>("MyContacts", 1303, &[], Object),
        Member::get::<27>("MySigninName", 1304, &[], Text),
        Member::get::<28>("MyFriendlyName", 1282, &[], Text),
        Member::put::<29>("MyStatus", 1305, &[Number]),
        Member::get::<30>("MyStatus", 1305, &[], Number),
        Member::get::<31>("UnreadEmailCount", 1284, &[Number], Number),
        Member::get::<32>("MyServiceName", 1294, &[], Text),
        Member::get::<33>("MyPhoneNumber", 1296, &[Number], Text),
        Member::get::<34>("MyProperty", 1306, &[Number], Variant),
        Member::put::<35>("MyProperty", 1306, &[Number, Variant]),
        Member::get::<36>("MyServiceId", 1307, &[], Text),
        Member::get::<37>("Services", 1308, &[], Object),
        Member::get::<38>("ContactsSortOrder", 1313, &[], Number),
        Member::put::<39>("ContactsSortOrder", 1313, &[Number]),
        Member::call::<40>("StartVideo", 1310, &[Variant], Some(Object)),
        Member::get::<41>("MyGroups", 1311, &[], Object),
        Member::call::<42>("CreateGroup", 1312, &[Text, Variant], Some(Object)),
        Member::get::<43>("Property", 1314, &[Number], Variant),
        Member::put::<44>("Property", 1314, &[Number, Variant]),
        Member::call::<45>(
            "StartConversation",
            0x6005_0000,
            &[Number, Variant, Variant, Variant, Variant, Variant],
            Some(Variant),
        ),
        Member::call::<46>("GetAuthenticationInfo", 0x6005_0001, &[], Some(Text)),
    ],
);

/// `IMessengerContactResolution`.
pub(crate) static RESOLUTION: Interface = Interface::new(
    &[Guid(0x53A5_023D_6872_454A_9A4F_827F_18CF_BE02)],
    &[Member::call::<7>("ResolveContact", 0x6002_0000, &[Number, Number, Text], Some(Text))],
);

/// `IMessengerContactAdvanced`, derived from `IMessengerContact`.
pub(crate) static CONTACT: Interface = Interface::new(
    &[
        Guid(0x086F_69C0_2FBD_46B3_BE50_EC40_1AB8_6099),
        Guid(0xE747_9A0F_BB19_44A5_968F_6F41_D93E_E0BC),
    ],
    &[
        Member::get::<7>("FriendlyName", 1536, &[], Text),
        Member::get::<8>("Status", 1537, &[], Number),
        Member::get::<9>("SigninName", 1538, &[], Text),
        Member::get::<10>("ServiceName", 1539, &[], Text),
        Member::get::<11>("Blocked", 1540, &[], Bool),
        Member::put::<12>("Blocked", 1540, &[Bool]),
        Member::get::<13>("CanPage", 1543, &[], Bool),
        Member::get::<14>("PhoneNumber", 1544, &[Number], Text),
        Member::get::<15>("IsSelf", 1541, &[], Bool),
        Member::get::<16>("Property", 1542, &[Number], Variant),
        Member::put::<17>("Property", 1542, &[Number, Variant]),
        Member::get::<18>("ServiceId", 1545, &[], Text),
        Member::get::<19>("IsTagged", 0x6003_0000, &[], Bool),
        Member::put::<20>("IsTagged", 0x6003_0000, &[Bool]),
        Member::get::<21>("PresenceProperties", 0x6003_0002, &[], Variant),
        Member::put::<22>("PresenceProperties", 0x6003_0002, &[Variant]),
    ],
);

/// `IMessengerContacts`.
pub(crate) static CONTACTS: Interface = Interface::new(
    &[Guid(0xE747_9A0D_BB19_44A5_968F_6F41_D93E_E0BC)],
    &[
        Member::get::<7>("Count", 1792, &[], Number),
        Member::call::<8>("Item", 0, &[Number], Some(Object)),
        Member::call::<9>("Remove", 1793, &[Object], None),
        Member::get::<10>("_NewEnum", -4, &[], Object),
    ],
);

/// `IMessengerService`.
pub(crate) static SERVICE: Interface = Interface::new(
    &[Guid(0x2E50_547C_A8AA_4F60_B57E_1F41_4711_007B)],
    &[
        Member::get::<7>("ServiceName", 2178, &[], Text),
        Member::get::<8>("ServiceId", 2183, &[], Text),
        Member::get::<9>("MyFriendlyName", 2179, &[], Text),
        Member::get::<10>("MyStatus", 2181, &[], Number),
        Member::get::<11>("MySigninName", 2184, &[], Text),
        Member::get::<12>("Property", 2182, &[Number], Variant),
        Member::put::<13>("Property", 2182, &[Number, Variant]),
    ],
);

/// `IMessengerServices`.
pub(crate) static SERVICES: Interface = Interface::new(
    &[Guid(0x2E50_547B_A8AA_4F60_B57E_1F41_4711_007B)],
    &[
        Member::get::<7>("PrimaryService", 2176, &[], Object),
        Member::get::<8>("Count", 2177, &[], Number),
        Member::call::<9>("Item", 0, &[Number], Some(Object)),
        Member::get::<10>("_NewEnum", -4, &[], Object),
    ],
);

/// `IMessengerGroups`.
pub(crate) static GROUPS: Interface = Interface::new(
    &[Guid(0xE1AF_1028_B884_44CB_A535_1C3C_11A3_D1DB)],
    &[
        Member::call::<7>("Remove", 1665, &[Object], None),
        Member::get::<8>("Count", 1666, &[], Number),
        Member::call::<9>("Item", 0, &[Number], Some(Object)),
        Member::get::<10>("_NewEnum", -4, &[], Object),
    ],
);
