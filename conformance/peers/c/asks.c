/* A program that makes Office's queries to a client, in Office's order (Microsoft, "Integrating IM
 * applications with Office"), early-bound. Each line has the result of one call. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include "uccollaboration.h"

static const IID CALLBACK_EVENTS = {0xABF012A2, 0x2068, 0x4B4D, {0x80, 0xD7, 0x6D, 0x38, 0x6B, 0xA7, 0xC8, 0xA2}};

static void print_result(const char *what, HRESULT hr) { printf("%s 0x%08lX\n", what, (unsigned long)hr); fflush(stdout); }
static void number(const char *what, HRESULT hr, long value)
{
    if (FAILED(hr)) { print_result(what, hr); return; }
    printf("%s %ld\n", what, value);
    fflush(stdout);
}
static void text(const char *what, HRESULT hr, BSTR value)
{
    if (FAILED(hr)) { print_result(what, hr); return; }
    printf("%s %ls\n", what, value ? value : L"(none)");
    fflush(stdout);
}

static HRESULT WINAPI query(IDispatch *this, REFIID wanted, void **r)
{
    *r = this;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch) || IsEqualIID(wanted, &DIID__ILyncClientEvents)
        || IsEqualIID(wanted, &DIID__IUCOfficeIntegrationEvents) || IsEqualIID(wanted, &DIID__IContactEvents)
        || IsEqualIID(wanted, &DIID__IConversationManagerEvents) || IsEqualIID(wanted, &CALLBACK_EVENTS)) return S_OK;
    *r = NULL;
    return E_NOINTERFACE;
}
static ULONG WINAPI reference(IDispatch *this) { (void)this; return 2; }
static HRESULT WINAPI none(IDispatch *this) { (void)this; return E_NOTIMPL; }
static HRESULT WINAPI invoke(IDispatch *this, DISPID id, REFIID iid, LCID locale, WORD flags,
                             DISPPARAMS *parameters, VARIANT *result, EXCEPINFO *exception, UINT *argument)
{
    (void)this; (void)iid; (void)locale; (void)flags; (void)result; (void)exception; (void)argument;
    if (id == 100 && parameters->cArgs == 2) {
        IClientStateChangedEventData *data;
        long state = -1;
        /* The data is the last argument, and so the first here. */
        if (SUCCEEDED(IDispatch_QueryInterface(V_DISPATCH(&parameters->rgvarg[0]), &IID_IClientStateChangedEventData, (void **)&data)))
            IClientStateChangedEventData_get_NewState(data, &state);
        number("OnStateChanged", S_OK, state);
    } else if (id == 251) {
        IAsynchronousOperation *operation;
        long code = -1;
        if (SUCCEEDED(IDispatch_QueryInterface(V_DISPATCH(&parameters->rgvarg[0]), &IID_IAsynchronousOperation, (void **)&operation)))
            IAsynchronousOperation_get_StatusCode(operation, &code);
        number("OnLookup", S_OK, code);
    } else if (id == 400) { printf("OnContactInformationChanged\n"); fflush(stdout); }
    else if (id == 50) { printf("OnShuttingDown\n"); fflush(stdout); }
    return S_OK;
}
static IDispatchVtbl table = {query, reference, reference, (void *)none, (void *)none, (void *)none, invoke};
static IDispatch sink = {&table};

static void subscribe(const char *what, void *object, REFIID events)
{
    IConnectionPointContainer *container;
    IConnectionPoint *point;
    DWORD cookie;
    HRESULT hr = IUnknown_QueryInterface((IUnknown *)object, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_FindConnectionPoint(container, events, &point);
    if (SUCCEEDED(hr)) hr = IConnectionPoint_Advise(point, (IUnknown *)&sink, &cookie);
    if (FAILED(hr)) print_result(what, hr);
}

int main(int argc, char **argv)
{
    WCHAR class_text[64];
    CLSID class;
    IUCOfficeIntegration *root;
    IDispatch *object;
    ILyncClient *client;
    IContactManager *manager;
    IConversationManager *conversations;
    IConversationCollection *held;
    ISelf *self;
    IContact *contact, *stranger;
    IContactSubscription *subscription;
    IContactInformationDictionary *known;
    IContactSettingDictionary *settings;
    IGroupCollection *groups;
    IAsynchronousOperation *operation;
    BSTR version = SysAllocString(L"15.0.0.0"), newer = SysAllocString(L"99.0.0.0"), string = NULL;
    VARIANT any;
    VARIANT_BOOL truth = VARIANT_FALSE;
    SAFEARRAY *kinds;
    long value = -1;
    HRESULT hr;
    if (argc < 2) { printf("usage: asks CLASS\n"); return 2; }
    setvbuf(stdout, NULL, _IONBF, 0);
    MultiByteToWideChar(CP_UTF8, 0, argv[1], -1, class_text, 64);
    CLSIDFromString(class_text, &class);
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    hr = CoCreateInstance(&class, NULL, CLSCTX_LOCAL_SERVER, &IID_IUCOfficeIntegration, (void **)&root);
    if (FAILED(hr)) { print_result("create", hr); return 1; }
    hr = IUCOfficeIntegration_GetAuthenticationInfo(root, newer, &string); text("GetAuthenticationInfo 99", hr, string);
    hr = IUCOfficeIntegration_GetAuthenticationInfo(root, version, &string); text("GetAuthenticationInfo 15", hr, string);
    hr = IUCOfficeIntegration_GetInterface(root, version, 1, &object);
    if (SUCCEEDED(hr)) hr = IDispatch_QueryInterface(object, &IID_ILyncClient, (void **)&client);
    if (FAILED(hr)) { print_result("ILyncClient", hr); return 1; }
    print_result("IAutomation", IUCOfficeIntegration_GetInterface(root, version, 2, &object));
    subscribe("_ILyncClientEvents", client, &DIID__ILyncClientEvents);
    subscribe("_IUCOfficeIntegrationEvents", root, &DIID__IUCOfficeIntegrationEvents);
    hr = ILyncClient_get_State(client, &value); number("State", hr, value);
    hr = IUCOfficeIntegration_GetSupportedFeatures(root, version, &value); number("GetSupportedFeatures", hr, value);
    hr = ILyncClient_get_Self(client, &self);
    if (SUCCEEDED(hr)) hr = ISelf_get_Contact(self, &contact);
    if (FAILED(hr)) { print_result("Self.Contact", hr); return 1; }
    subscribe("_IContactEvents", contact, &DIID__IContactEvents);
    hr = ILyncClient_get_ContactManager(client, &manager);
    if (FAILED(hr)) { print_result("ContactManager", hr); return 1; }
    hr = ILyncClient_get_ConversationManager(client, &conversations);
    if (FAILED(hr)) { print_result("ConversationManager", hr); return 1; }
    subscribe("_IConversationManagerEvents", conversations, &DIID__IConversationManagerEvents);
    hr = IConversationManager_get_SummarizerStates(conversations, &value); number("SummarizerStates", hr, value);
    hr = IConversationManager_get_Conversations(conversations, &held);
    if (SUCCEEDED(hr)) hr = IConversationCollection_get_Count(held, &value);
    number("Conversations.Count", hr, value);
    print_result("AddConversation", IConversationManager_AddConversation(conversations, &object));
    hr = ILyncClient_get_Uri(client, &string); text("Uri", hr, string);
    hr = IContactManager_GetContactByUri(manager, string, &contact);
    if (FAILED(hr)) { print_result("GetContactByUri", hr); return 1; }
    hr = IContact_CanStart(contact, 1, &truth); number("CanStart", hr, truth);
    VariantInit(&any);
    hr = IContact_GetContactInformation(contact, 0, &any); number("Availability", hr, V_I4(&any));
    VariantInit(&any);
    hr = IContact_GetContactInformation(contact, 1, &any); text("ActivityId", hr, V_BSTR(&any));
    hr = IContactManager_CreateSubscription(manager, &subscription);
    if (SUCCEEDED(hr)) hr = IContactSubscription_AddContact(subscription, contact);
    kinds = SafeArrayCreateVector(VT_I4, 0, 3);
    for (LONG i = 0; i < 3; i++) { long kind = i == 2 ? 10 : i; SafeArrayPutElement(kinds, &i, &kind); }
    if (SUCCEEDED(hr)) hr = IContactSubscription_Subscribe(subscription, 2, kinds);
    print_result("Subscribe", hr);
    hr = IContact_BatchGetContactInformation(contact, kinds, &known);
    if (SUCCEEDED(hr)) {
        hr = IContactInformationDictionary_get_Count(known, &value); number("Batch.Count", hr, value);
        VariantInit(&any);
        hr = IContactInformationDictionary_TryGetValue(known, 10, &any, &truth);
        text("Batch.DisplayName", hr, V_VT(&any) == VT_BSTR ? V_BSTR(&any) : NULL);
        VariantInit(&any);
        hr = IContactInformationDictionary_TryGetValue(known, 77, &any, &truth);
        number("Batch of what is not known", hr, truth);
    } else print_result("BatchGetContactInformation", hr);
    hr = IContact_get_Settings(contact, &settings);
    if (SUCCEEDED(hr)) hr = IContactSettingDictionary_get_Count(settings, &value);
    number("Settings.Count", hr, value);
    hr = IContact_get_CustomGroups(contact, &groups);
    if (SUCCEEDED(hr)) hr = IGroupCollection_get_Count(groups, &value);
    number("CustomGroups.Count", hr, value);
    string = SysAllocString(L"sip:bob@uc.test");
    hr = IContactManager_GetContactByUri(manager, string, &stranger);
    VariantInit(&any);
    if (SUCCEEDED(hr)) hr = IContact_GetContactInformation(stranger, 0, &any);
    number("Availability of a stranger", hr, V_I4(&any));
    VariantInit(&any);
    hr = IContactManager_Lookup(manager, string, (IUnknown *)&sink, any, &operation);
    if (SUCCEEDED(hr)) hr = IAsynchronousOperation_get_IsSucceeded(operation, &truth);
    number("Lookup.IsSucceeded", hr, truth);
    printf("waits\n");
    for (MSG message; GetMessageW(&message, NULL, 0, 0) > 0;) DispatchMessageW(&message);
    return 0;
}
