//! `IUCOfficeIntegration` and the related interfaces that Office uses (Microsoft, "Integrating IM
//! applications with Office"; Lync SDK, type library UCCollaborationLib 1.0).

use communicado_windows::Guid;
use communicado_windows::com::serve::Interface;
use communicado_windows::com::serve::Member;
use communicado_windows::com::serve::ValueKind::{
    Bool, Number, NumberArray, Object, OutVariant, Text, Unsupported, Variant, VariantArray,
};

/// `IUCOfficeIntegration`.
pub(crate) static OFFICE_INTEGRATION: Interface = Interface::new(
    &[Guid(0x6A22_2195_F65E_467F_8F77_EB18_0BD8_5288)],
    &[
        Member::call::<7>("GetSupportedFeatures", 0x6002_0000, &[Text], Some(Number)),
        Member::call::<8>("GetAuthenticationInfo", 0x6002_0001, &[Text], Some(Text)),
        Member::call::<9>("GetInterface", 0x6002_0002, &[Text, Number], Some(Object)),
    ],
);

/// `ILyncClient`, derived from `IClient`.
pub(crate) static LYNC_CLIENT: Interface = Interface::new(
    &[
        Guid(0xC413_A27F_601E_4261_B9E3_0EB9_66F4_E7D1),
        Guid(0xEE9F_3E74_AC61_469E_80D6_E22B_F4EE_FF5C),
    ],
    &[
        Member::get::<7>("Type", 0x6002_0000, &[], Number),
        Member::get::<8>("State", 0x6002_0001, &[], Number),
        Member::get::<9>("Uri", 0x6002_0002, &[], Text),
        Member::get::<10>("Self", 0x6002_0003, &[], Object),
        Member::get::<11>("ContactManager", 0x6002_0004, &[], Object),
        Member::get::<12>("ConversationManager", 0x6002_0005, &[], Object),
        Member::get::<13>("ConferenceScheduler", 0x6002_0006, &[], Object),
        Member::call::<14>(
            "SignIn",
            0x6003_0000,
            &[Text, Text, Text, Object, Variant],
            Some(Object),
        ),
        Member::call::<15>("SignOut", 0x6003_0001, &[Object, Variant], Some(Object)),
        Member::get::<16>("SignInConfiguration", 0x6003_0002, &[], Object),
        Member::get::<17>("Capabilities", 0x6003_0003, &[], Number),
        Member::get::<18>("DeviceManager", 0x6003_0004, &[], Object),
        Member::get::<19>("DelegatorClients", 0x6003_0005, &[], Unsupported),
        Member::get::<20>("Utilities", 0x6003_0006, &[], Object),
        Member::call::<21>(
            "CreateApplicationRegistration",
            0x6003_0007,
            &[Text, Text],
            Some(Object),
        ),
        Member::get::<22>("InSuppressedMode", 0x6003_0008, &[], Bool),
        Member::call::<23>(
            "Initialize",
            0x6003_0009,
            &[Text, Text, Text, Text, Text, Number, Object, Variant],
            Some(Object),
        ),
        Member::call::<24>("Shutdown", 0x6003_000A, &[Object, Variant], Some(Object)),
    ],
);

/// `ISelf`.
pub(crate) static LYNC_SELF: Interface = Interface::new(
    &[Guid(0x4DA8_99D3_FAC7_4F43_8E4A_1987_988F_BC9B)],
    &[
        Member::call::<7>(
            "PublishContactInformation",
            0x6002_0000,
            &[NumberArray, VariantArray, Object, Variant],
            Some(Object),
        ),
        Member::get::<8>("Contact", 0x6002_0001, &[], Object),
        Member::call::<9>("CreatePhone", 0x6002_0002, &[Number, Text, Bool], Some(Object)),
        Member::call::<10>("CanSetPhone", 0x6002_0003, &[Number], Some(Bool)),
        Member::get::<11>("Phones", 0x6002_0004, &[], Unsupported),
        Member::call::<12>("SetPhones", 0x6002_0005, &[Unsupported, Object, Variant], Some(Object)),
        Member::call::<13>(
            "GetPublishableCustomAvailabilityStates",
            0x6002_0006,
            &[Number],
            Some(Unsupported),
        ),
        Member::get::<14>("Permissions", 0x6002_0007, &[], Unsupported),
        Member::get::<15>("PhotoDisplayed", 0x6002_0008, &[], Bool),
        Member::get::<16>("TestCallEndpoint", 0x6002_0009, &[], Object),
        Member::call::<17>(
            "SetPhone",
            0x6002_000A,
            &[Number, Text, Bool, Object, Variant],
            Some(Object),
        ),
        Member::call::<18>("RemovePhone", 0x6002_000B, &[Number, Object, Variant], Some(Object)),
        Member::call::<19>("GetPhone", 0x6002_000C, &[Number], Some(Object)),
        Member::get::<20>("IsInResiliencyMode", 0x6002_000D, &[], Bool),
        Member::call::<21>("GetSettingInternal", 0x6002_000E, &[Number], Some(Variant)),
    ],
);

/// `IContactManager`.
pub(crate) static CONTACT_MANAGER: Interface = Interface::new(
    &[Guid(0xE6B3_F5FA_4208_4C37_AE07_F643_5B68_D693)],
    &[
        Member::get::<7>("Groups", 0x6002_0000, &[], Object),
        Member::call::<8>("GetContactByUri", 0x6002_0001, &[Text], Some(Object)),
        Member::call::<9>("Lookup", 0x6002_0002, &[Text, Object, Variant], Some(Object)),
        Member::call::<10>("CreateSubscription", 0x6002_0003, &[], Some(Object)),
        Member::call::<11>(
            "Search",
            0x6002_0004,
            &[Text, Number, Number, Number, Number, Object, Variant],
            Some(Object),
        ),
        Member::call::<12>(
            "RemoveContactFromAllGroups",
            0x6002_0005,
            &[Object, Object, Variant],
            Some(Object),
        ),
        Member::call::<13>("GetSearchProviderID", 0x6002_0006, &[Number], Some(Text)),
        Member::call::<14>("AddCustomGroup", 0x6002_0007, &[Text, Object, Variant], Some(Object)),
        Member::call::<15>(
            "AddDistributionGroup",
            0x6002_0008,
            &[Object, Object, Variant],
            Some(Object),
        ),
        Member::call::<16>("RemoveGroup", 0x6002_0009, &[Object, Object, Variant], Some(Object)),
        Member::call::<17>("SuspendSubscriptions", 0x6002_000A, &[], None),
        Member::call::<18>("ResumeSubscriptions", 0x6002_000B, &[], None),
        Member::call::<19>("GetSearchFields", 0x6002_000C, &[], Some(Number)),
        Member::call::<20>("GetSearchProviderStatus", 0x6002_000D, &[Number], Some(Number)),
        Member::call::<21>("GetExpertSearchQueryString", 0x6002_000E, &[Text], Some(Text)),
        Member::call::<22>("GetSelfContact", 0x6002_000F, &[], Some(Object)),
        Member::call::<23>("GetContactByTel", 0x6002_0010, &[Text], Some(Object)),
    ],
);

/// `IContact`.
pub(crate) static CONTACT: Interface = Interface::new(
    &[Guid(0x8510_9845_6AE2_4B6B_9524_65BA_203E_5B7D)],
    &[
        Member::get::<7>("Uri", 0x6002_0000, &[], Text),
        Member::call::<8>("GetContactInformation", 0x6002_0001, &[Number], Some(Variant)),
        Member::call::<9>("BatchGetContactInformation", 0x6002_0002, &[NumberArray], Some(Object)),
        Member::get::<10>("Settings", 0x6002_0003, &[], Object),
        Member::call::<11>("CanStart", 0x6002_0004, &[Number], Some(Bool)),
        Member::call::<12>(
            "ChangeSetting",
            0x6002_0005,
            &[Number, Variant, Object, Variant],
            Some(Object),
        ),
        Member::call::<13>("CanChangeSetting", 0x6002_0006, &[Number], Some(Bool)),
        Member::get::<14>("ContactManager", 0x6002_0007, &[], Object),
        Member::get::<15>("CustomGroups", 0x6002_0008, &[], Object),
        Member::call::<16>(
            "MoveToGroup",
            0x6002_0009,
            &[Object, Object, Object, Variant],
            Some(Object),
        ),
        Member::call::<17>("CanMoveToGroup", 0x6002_000A, &[Object, Object], Some(Bool)),
        Member::call::<18>("CreateContactEndpoint", 0x6002_000B, &[Text], Some(Object)),
        Member::get::<19>("UnifiedCommunicationType", 0x6002_000C, &[], Number),
        Member::call::<20>(
            "GetOrganizationInformation",
            0x6002_000D,
            &[Number, Object, Variant],
            Some(Object),
        ),
        Member::call::<21>(
            "GetMultipleContactInformation",
            0x6002_000E,
            &[NumberArray],
            Some(Object),
        ),
    ],
);

/// `IContactSubscription`.
pub(crate) static CONTACT_SUBSCRIPTION: Interface = Interface::new(
    &[Guid(0x95B8_D3E8_F3D5_4DC0_BCFE_AB80_C835_DEA0)],
    &[
        Member::call::<7>("Subscribe", 0x6002_0000, &[Number, NumberArray], None),
        Member::call::<8>("Unsubscribe", 0x6002_0001, &[], None),
        Member::call::<9>("AddContact", 0x6002_0002, &[Object], None),
        Member::call::<10>("RemoveContact", 0x6002_0003, &[Object], None),
        Member::get::<11>("LastSubscribedRefreshRate", 0x6002_0004, &[], Number),
        Member::get::<12>("LastSubscribedContactInformation", 0x6002_0005, &[], NumberArray),
        Member::get::<13>("Contacts", 0x6002_0006, &[], Unsupported),
        Member::call::<14>("AddContactByUri", 0x6002_0007, &[Text], None),
        Member::call::<15>("AddContacts", 0x6002_0008, &[Unsupported], None),
    ],
);

/// `IContactInformationDictionary`.
pub(crate) static CONTACT_INFORMATION: Interface = Interface::new(
    &[Guid(0xF0CE_810F_E36F_4CD8_A836_515B_9A6E_09FC)],
    &[
        Member::get::<7>("Values", 0x6002_0000, &[], VariantArray),
        Member::get::<8>("Count", 0x6002_0001, &[], Number),
        Member::get::<9>("Item", 0, &[Number], Variant),
        Member::get::<10>("Keys", 0x6002_0003, &[], NumberArray),
        Member::call::<11>("TryGetValue", 0x6002_0004, &[Number, OutVariant], Some(Bool)),
        Member::call::<12>("GetKeyAt", 0x6002_0005, &[Number], Some(Number)),
        Member::call::<13>("GetValueAt", 0x6002_0006, &[Number], Some(Variant)),
        Member::call::<14>("ContainsKey", 0x6002_0007, &[Number], Some(Bool)),
    ],
);

/// `IContactSettingDictionary`.
pub(crate) static CONTACT_SETTINGS: Interface = Interface::new(
    &[Guid(0xFD90_00B3_479F_4B16_9D63_70A4_9E07_8946)],
    &[
        Member::get::<7>("Keys", 0x6002_0000, &[], NumberArray),
        Member::get::<8>("Values", 0x6002_0001, &[], VariantArray),
        Member::call::<9>("TryGetValue", 0x6002_0002, &[Number, OutVariant], Some(Bool)),
        Member::get::<10>("Item", 0, &[Number], Variant),
        Member::call::<11>("GetKeyAt", 0x6002_0004, &[Number], Some(Number)),
        Member::call::<12>("GetValueAt", 0x6002_0005, &[Number], Some(Variant)),
        Member::call::<13>("ContainsKey", 0x6002_0006, &[Number], Some(Bool)),
        Member::get::<14>("Count", 0x6002_0007, &[], Number),
    ],
);

/// `IGroupCollection`.
pub(crate) static GROUP_COLLECTION: Interface = Interface::new(
    &[Guid(0x0C81_EC90_9469_4ED4_ACAD_ADB8_6E11_039C)],
    &[
        Member::get::<7>("_NewEnum", -4, &[], Object),
        Member::get::<8>("Count", 0x6002_0001, &[], Number),
        Member::get::<9>("Item", 0, &[Number], Object),
        Member::call::<10>("TryGetGroup", 0x6002_0003, &[Text, Unsupported], Some(Bool)),
        Member::call::<11>("GetGroupsByType", 0x6002_0004, &[Number], Some(Object)),
        Member::call::<12>("IndexOf", 0x6002_0005, &[Object], Some(Number)),
    ],
);

/// `IConversationManager`.
pub(crate) static CONVERSATION_MANAGER: Interface = Interface::new(
    &[Guid(0xC31F_B52D_9E9E_45AD_A102_5218_E168_5B78)],
    &[
        Member::get::<7>("SummarizerStates", 0x6002_0000, &[], Number),
        Member::get::<8>("Conversations", 0x6002_0001, &[], Object),
        Member::call::<9>("AddConversation", 0x6002_0002, &[], Some(Object)),
        Member::call::<10>("JoinConference", 0x6002_0003, &[Text], Some(Object)),
        Member::get::<11>("VoiceMailsManager", 0x6002_0004, &[], Object),
        Member::get::<12>("PreviousConversationsManagers", 0x6002_0005, &[], Object),
    ],
);

/// `IConversationCollection`.
pub(crate) static CONVERSATION_COLLECTION: Interface = Interface::new(
    &[Guid(0xA4E1_D1E4_7839_473B_95FA_5D33_DDC0_D2DD)],
    &[
        Member::get::<7>("Count", 0x6002_0000, &[], Number),
        Member::get::<8>("Item", 0, &[Number], Object),
        Member::get::<9>("_NewEnum", -4, &[], Object),
        Member::call::<10>("IndexOf", 0x6002_0003, &[Object], Some(Number)),
    ],
);

/// `IAutomation`.
pub(crate) static AUTOMATION: Interface = Interface::new(
    &[Guid(0x2EDA_F003_14A6_4FAF_8A72_9952_6D04_8D63)],
    &[
        Member::call::<7>("LaunchAddContactWizard", 0x6002_0000, &[Text], None),
        Member::call::<8>(
            "StartConversation",
            0x6002_0001,
            &[Number, Unsupported, NumberArray, VariantArray],
            Some(Object),
        ),
        Member::call::<9>("JoinConference", 0x6002_0002, &[Text], Some(Object)),
        Member::call::<10>(
            "StartConversationEx",
            0x6002_0003,
            &[Number, Unsupported, NumberArray, VariantArray, Object, Variant],
            Some(Object),
        ),
        Member::call::<11>(
            "JoinConferenceEx",
            0x6002_0004,
            &[Text, Unsupported, Object, Variant],
            Some(Object),
        ),
        Member::call::<12>("GetConversationWindow", 0x6002_0005, &[Object], Some(Object)),
    ],
);

/// `IAsynchronousOperation`.
pub(crate) static ASYNC_OPERATION: Interface = Interface::new(
    &[Guid(0xF7EE_956B_A713_48D3_AFEF_0A28_F377_40B3)],
    &[
        Member::get::<7>("AsyncState", 0x6002_0000, &[], Variant),
        Member::get::<8>("StatusCode", 0x6002_0001, &[], Number),
        Member::get::<9>("IsCompleted", 0x6002_0002, &[], Bool),
        Member::get::<10>("IsSucceeded", 0x6002_0003, &[], Bool),
        Member::get::<11>("IsCancelable", 0x6002_0004, &[], Bool),
        Member::get::<12>("DiagnosticCode", 0x6002_0005, &[], Number),
        Member::call::<13>("CancelOperation", 0x6002_0006, &[], None),
    ],
);

/// `IClientStateChangedEventData`.
pub(crate) static CLIENT_STATE_CHANGED: Interface = Interface::new(
    &[Guid(0x9B3A_702D_5BE1_4FCE_ADB3_EBBD_23E0_78C3)],
    &[
        Member::get::<7>("NewState", 0x6002_0000, &[], Number),
        Member::get::<8>("OldState", 0x6002_0001, &[], Number),
        Member::get::<9>("StatusCode", 0x6002_0002, &[], Number),
    ],
);

/// `IContactInformationChangedEventData`.
pub(crate) static CONTACT_INFORMATION_CHANGED: Interface = Interface::new(
    &[Guid(0xEFEC_2816_F16D_48D8_9306_26C8_10F0_EA55)],
    &[Member::get::<7>("ChangedContactInformation", 0x6002_0000, &[], NumberArray)],
);
