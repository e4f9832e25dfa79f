/* A UC client for tests, in C: early-bound, in a single-threaded apartment with a message loop,
 * answering IDispatch by the type library that widl made. Driven by lines on standard input, each
 * answered by one line: "ok ..." or "error ...". It shares no code with the program that it
 * tests. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <olectl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "messenger.h"
#include "office.h"

#define SINKS 128
#define WM_LINE (WM_APP + 1)

enum kind { MESSENGER, SERVICES, SERVICE, ROOT, CLIENT, SELF, CONTACT, MANAGER, SUBSCRIPTION, EVENTDATA, KINDS };

/* One object of each kind; references are not counted, since all live as long as the process. */
typedef struct Object {
    const void *vtable;
    const void *container_vtable;
    const void *point_vtable;
    enum kind kind;
    ITypeInfo *info;
    IDispatch *sinks[SINKS];
} Object;

static const IID *const INTERFACES[KINDS] = {
    &IID_IMessenger, &IID_IMessengerServices, &IID_IMessengerService, &IID_IUCOfficeIntegration,
    &IID_ILyncClient, &IID_ISelf, &IID_IContact, &IID_IContactManager, &IID_IContactSubscription,
    &IID_IClientStateChangedEventData,
};
static const IID *const EVENTS[KINDS] = {
    &DIID_DMessengerEvents, NULL, NULL, &DIID__IUCOfficeIntegrationEvents,
    &DIID__ILyncClientEvents, NULL, &DIID__IContactEvents, NULL, NULL, NULL,
};

static Object objects[KINDS];
/* The same objects for calls by name. Their vtable is complete in a late-bound client too. */
static Object named[KINDS];
static HRESULT factory_refuses;
static DWORD factory_cookie;
static HANDLE go_on;
static DWORD main_thread;
static const char *app = "Communicator";
static CLSID class_id;
static int is_lync;
static long calls;
static long signin_calls;
static LARGE_INTEGER began;

/* The state of the client. */
static long status = 1, state = 1, availability = 3500, old_state, status_code;
static WCHAR signin_name[256], friendly_name[256], note[256], activity[256], uri[256];
static char versions[256] = "14.0.0.0,15.0.0.0";
static DWORD pause_ms;
static HRESULT fails_status, fails_name, fails_friendly, fails_service_status;
static int fails_directly;

/* A strict client: members by the vtable only, no Self, events of subscribed contacts only. */
static int is_strict;
static WCHAR added_uri[256], subscribed_uri[256];
/* The step in which the client crashes. */
static char fatal[64];
static char steps[1024];

static BSTR text(const WCHAR *of) { return SysAllocString(of); }

/* Notes a step of a strict client, once, and crashes if this is the fatal one. */
static void step(const char *name)
{
    if (!strcmp(fatal, name)) TerminateProcess(GetCurrentProcess(), 3);
    if (is_strict && !strstr(steps, name) && strlen(steps) + strlen(name) + 2 < sizeof steps) {
        strcat(steps, name);
        strcat(steps, " ");
    }
}

static HRESULT begin(HRESULT fails)
{
    calls++;
    if (pause_ms) Sleep(pause_ms);
    return fails;
}

/* --- members that do something; every other slot answers E_NOTIMPL --- */

static HRESULT WINAPI not_implemented(void *this) { (void)this; calls++; return E_NOTIMPL; }

static HRESULT WINAPI get_my_status(void *this, LONG *r)
{
    HRESULT hr = begin(fails_status);
    (void)this;
    if (SUCCEEDED(hr)) *r = status;
    return hr;
}

static HRESULT WINAPI get_my_signin_name(void *this, BSTR *r)
{
    HRESULT hr = begin(fails_name);
    (void)this;
    if (SUCCEEDED(hr) && !(status & 2)) hr = (HRESULT)0x8100031E;
    if (SUCCEEDED(hr)) *r = text(signin_name);
    return hr;
}

static HRESULT WINAPI get_my_friendly_name(void *this, BSTR *r)
{
    HRESULT hr = begin(fails_friendly);
    (void)this;
    if (SUCCEEDED(hr)) *r = text(friendly_name);
    return hr;
}

static HRESULT WINAPI get_my_service_id(void *this, BSTR *r)
{
    (void)this;
    calls++;
    *r = text(L"{83D4679F-B6D7-11D2-BF36-00C04FB90A03}");
    return S_OK;
}

static HRESULT WINAPI signin(void *this, LONG parent, BSTR name, BSTR password)
{
    (void)this; (void)parent; (void)name; (void)password;
    signin_calls++;
    return E_FAIL;
}

static HRESULT WINAPI auto_signin(void *this) { (void)this; signin_calls++; return E_FAIL; }

static HRESULT give(enum kind kind, IDispatch **r)
{
    calls++;
    *r = (IDispatch *)&objects[kind];
    return S_OK;
}

static HRESULT WINAPI get_services(void *this, IDispatch **r) { (void)this; return give(SERVICES, r); }
static HRESULT WINAPI get_primary_service(void *this, IDispatch **r) { (void)this; return give(SERVICE, r); }

static HRESULT WINAPI get_service_status(void *this, LONG *r)
{
    HRESULT hr = begin(fails_service_status);
    (void)this;
    if (SUCCEEDED(hr)) *r = status;
    return hr;
}

static HRESULT WINAPI get_authentication_info(void *this, BSTR version, BSTR *r)
{
    char wanted[64];
    (void)this;
    calls++;
    step("GetAuthenticationInfo");
    WideCharToMultiByte(CP_UTF8, 0, version, -1, wanted, sizeof wanted, NULL, NULL);
    *r = strstr(versions, wanted) ? text(L"<authenticationinfo>") : NULL;
    return S_OK;
}

static HRESULT WINAPI get_interface(void *this, BSTR version, LONG which, IDispatch **r)
{
    (void)this; (void)version;
    step("GetInterface");
    return which == 1 ? give(CLIENT, r) : E_NOTIMPL;
}

static HRESULT WINAPI get_state(void *this, LONG *r)
{
    HRESULT hr = begin(fails_status);
    (void)this;
    step("State");
    if (SUCCEEDED(hr)) *r = state;
    return hr;
}

static HRESULT WINAPI get_uri(void *this, BSTR *r) { (void)this; calls++; step("Uri"); *r = text(uri); return S_OK; }

static HRESULT WINAPI get_self(void *this, IDispatch **r)
{
    (void)this;
    step("Self");
    if (!is_strict) return give(SELF, r);
    calls++;
    *r = NULL;
    return S_OK;
}

static HRESULT WINAPI get_manager(void *this, IDispatch **r)
{
    (void)this;
    step("ContactManager");
    return give(MANAGER, r);
}

static HRESULT WINAPI get_contact_by_uri(void *this, BSTR wanted, IDispatch **r)
{
    (void)this;
    step("GetContactByUri");
    *r = NULL;
    return wcscmp(wanted, uri) ? E_INVALIDARG : give(CONTACT, r);
}

static HRESULT WINAPI create_subscription(void *this, IDispatch **r)
{
    (void)this;
    step("CreateSubscription");
    added_uri[0] = 0;
    return give(SUBSCRIPTION, r);
}

static HRESULT WINAPI add_contact(void *this, IDispatch *contact)
{
    (void)this;
    calls++;
    step("AddContact");
    if (contact != (IDispatch *)&objects[CONTACT]) return E_INVALIDARG;
    wcscpy(added_uri, uri);
    return S_OK;
}

/* Both kinds are wanted: the availability and the activity. */
static HRESULT WINAPI subscribe(void *this, LONG rate, SAFEARRAY *kinds)
{
    LONG low = 0, high = -1, kind = -1;
    int wanted = 0;
    (void)this;
    calls++;
    step("Subscribe");
    if (rate != 2 || !kinds || SafeArrayGetDim(kinds) != 1) return E_INVALIDARG;
    SafeArrayGetLBound(kinds, 1, &low);
    SafeArrayGetUBound(kinds, 1, &high);
    for (LONG i = low; i <= high; i++)
        if (SUCCEEDED(SafeArrayGetElement(kinds, &i, &kind)) && (kind == 0 || kind == 1)) wanted |= 1 << kind;
    if (wanted != 3) return E_INVALIDARG;
    wcscpy(subscribed_uri, added_uri);
    return S_OK;
}
static HRESULT WINAPI get_contact(void *this, IDispatch **r) { (void)this; return give(CONTACT, r); }

static HRESULT WINAPI get_contact_information(void *this, LONG kind, VARIANT *r)
{
    (void)this;
    calls++;
    step("GetContactInformation");
    VariantInit(r);
    if (kind == 0) { V_VT(r) = VT_I4; V_I4(r) = availability; return S_OK; }
    if (kind == 1) { V_VT(r) = VT_BSTR; V_BSTR(r) = text(activity); return S_OK; }
    if (kind == 10) { V_VT(r) = VT_BSTR; V_BSTR(r) = text(friendly_name); return S_OK; }
    if (kind == 22 && *note) { V_VT(r) = VT_BSTR; V_BSTR(r) = text(note); return S_OK; }
    return E_INVALIDARG;
}

static HRESULT WINAPI get_new_state(void *this, LONG *r) { (void)this; *r = state; return S_OK; }
static HRESULT WINAPI get_old_state(void *this, LONG *r) { (void)this; *r = old_state; return S_OK; }
static HRESULT WINAPI get_status_code(void *this, LONG *r) { (void)this; *r = status_code; return S_OK; }

/* --- IUnknown and IDispatch --- */

static HRESULT WINAPI query(Object *this, REFIID wanted, void **r)
{
    const IID *events = EVENTS[this->kind];
    *r = NULL;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch)
        || IsEqualIID(wanted, INTERFACES[this->kind]))
        *r = this;
    else if (events && IsEqualIID(wanted, &IID_IConnectionPointContainer))
        *r = &this->container_vtable;
    return *r ? S_OK : E_NOINTERFACE;
}

static ULONG WINAPI reference(void *this) { (void)this; return 2; }

static HRESULT WINAPI get_type_info_count(Object *this, UINT *r) { (void)this; *r = 1; return S_OK; }

static HRESULT WINAPI get_type_info(Object *this, UINT index, LCID locale, ITypeInfo **r)
{
    (void)index; (void)locale;
    *r = this->info;
    ITypeInfo_AddRef(this->info);
    return S_OK;
}

static HRESULT WINAPI get_ids(Object *this, REFIID iid, LPOLESTR *names, UINT count, LCID locale, DISPID *ids)
{
    (void)iid; (void)locale;
    if (is_strict) return E_NOTIMPL;
    return ITypeInfo_GetIDsOfNames(this->info, names, count, ids);
}

static HRESULT WINAPI invoke(Object *this, DISPID id, REFIID iid, LCID locale, WORD flags,
                             DISPPARAMS *parameters, VARIANT *result, EXCEPINFO *exception, UINT *argument)
{
    (void)iid; (void)locale;
    if (is_strict) return E_NOTIMPL;
    if (fails_directly && this->kind == MESSENGER && (flags & DISPATCH_PROPERTYGET)) {
        if (id == 1305 && FAILED(fails_status)) return begin(fails_status);
        if (id == 1304 && FAILED(fails_name)) return begin(fails_name);
    }
    return ITypeInfo_Invoke(this->info, &named[this->kind], id, flags, parameters, result, exception, argument);
}

/* --- connection points --- */

static Object *of_container(void *this) { return CONTAINING_RECORD(this, Object, container_vtable); }
static Object *of_point(void *this) { return CONTAINING_RECORD(this, Object, point_vtable); }

static HRESULT WINAPI container_query(void *this, REFIID iid, void **r)
{
    if (IsEqualIID(iid, &IID_IConnectionPointContainer)) { *r = this; return S_OK; }
    return query(of_container(this), iid, r);
}

static HRESULT WINAPI enum_points(void *this, IEnumConnectionPoints **r) { (void)this; *r = NULL; return E_NOTIMPL; }

static HRESULT WINAPI find_point(void *this, REFIID iid, IConnectionPoint **r)
{
    Object *object = of_container(this);
    *r = NULL;
    if (!IsEqualIID(iid, EVENTS[object->kind])) return CONNECT_E_NOCONNECTION;
    *r = (IConnectionPoint *)&object->point_vtable;
    return S_OK;
}

static HRESULT WINAPI point_query(void *this, REFIID iid, void **r)
{
    *r = NULL;
    if (IsEqualIID(iid, &IID_IConnectionPoint) || IsEqualIID(iid, &IID_IUnknown)) *r = this;
    return *r ? S_OK : E_NOINTERFACE;
}

static HRESULT WINAPI point_interface(void *this, IID *r) { *r = *EVENTS[of_point(this)->kind]; return S_OK; }

static HRESULT WINAPI point_container(void *this, IConnectionPointContainer **r)
{
    *r = (IConnectionPointContainer *)&of_point(this)->container_vtable;
    return S_OK;
}

static HRESULT WINAPI advise(void *this, IUnknown *sink, DWORD *cookie)
{
    Object *object = of_point(this);
    IDispatch *dispatch;
    if (FAILED(IUnknown_QueryInterface(sink, EVENTS[object->kind], (void **)&dispatch))
        && FAILED(IUnknown_QueryInterface(sink, &IID_IDispatch, (void **)&dispatch)))
        return CONNECT_E_CANNOTCONNECT;
    for (int i = 0; i < SINKS; i++) {
        if (!object->sinks[i]) {
            object->sinks[i] = dispatch;
            *cookie = i + 1;
            return S_OK;
        }
    }
    return CONNECT_E_ADVISELIMIT;
}

static HRESULT WINAPI unadvise(void *this, DWORD cookie)
{
    Object *object = of_point(this);
    if (cookie < 1 || cookie > SINKS || !object->sinks[cookie - 1]) return CONNECT_E_NOCONNECTION;
    IDispatch_Release(object->sinks[cookie - 1]);
    object->sinks[cookie - 1] = NULL;
    return S_OK;
}

static HRESULT WINAPI enum_connections(void *this, IEnumConnections **r) { (void)this; *r = NULL; return E_NOTIMPL; }

static const void *const CONTAINER_SLOTS[] = {container_query, reference, reference, enum_points, find_point};
static const void *const POINT_SLOTS[] = {point_query, reference, reference, point_interface,
                                    point_container, advise, unadvise, enum_connections};

/* Calls every sink, and releases the sinks that have gone. The arguments are in declared order. */
static int fire(enum kind kind, DISPID id, VARIANT *arguments, int count)
{
    Object *object = &objects[kind];
    VARIANT reversed[4];
    DISPPARAMS parameters = {reversed, NULL, count, 0};
    int delivered = 0;
    for (int i = 0; i < count; i++) reversed[count - 1 - i] = arguments[i];
    QueryPerformanceCounter(&began);
    for (int i = 0; i < SINKS; i++) {
        HRESULT hr;
        if (!object->sinks[i]) continue;
        hr = IDispatch_Invoke(object->sinks[i], id, &IID_NULL, 0, DISPATCH_METHOD, &parameters, NULL, NULL, NULL);
        if (SUCCEEDED(hr)) { delivered++; continue; }
        IDispatch_Release(object->sinks[i]);
        object->sinks[i] = NULL;
    }
    return delivered;
}

static VARIANT number(long value)
{
    VARIANT v;
    VariantInit(&v);
    V_VT(&v) = VT_I4;
    V_I4(&v) = value;
    return v;
}

static VARIANT object_value(enum kind kind)
{
    VARIANT v;
    VariantInit(&v);
    V_VT(&v) = VT_DISPATCH;
    V_DISPATCH(&v) = (IDispatch *)&objects[kind];
    return v;
}

/* Sends the events of the user and of the user's own contact before the call returns. */
static HRESULT WINAPI put_my_status(void *this, LONG value)
{
    VARIANT mine[] = {number(0), number(value)}, contact[] = {object_value(CONTACT), number(value)};
    (void)this;
    status = value;
    fire(MESSENGER, 1031, mine, 2);
    fire(MESSENGER, 1030, contact, 2);
    return S_OK;
}

/* --- the class object --- */

static HRESULT WINAPI factory_query(void *this, REFIID iid, void **r)
{
    *r = IsEqualIID(iid, &IID_IUnknown) || IsEqualIID(iid, &IID_IClassFactory) ? this : NULL;
    return *r ? S_OK : E_NOINTERFACE;
}

static HRESULT WINAPI create_instance(void *this, IUnknown *outer, REFIID iid, void **r)
{
    (void)this;
    *r = NULL;
    calls++;
    if (outer) return CLASS_E_NOAGGREGATION;
    if (FAILED(factory_refuses)) return factory_refuses;
    return query(&objects[is_lync ? ROOT : MESSENGER], iid, r);
}

static HRESULT WINAPI lock_server(void *this, BOOL lock) { (void)this; (void)lock; return S_OK; }

static const void *const FACTORY_SLOTS[] = {factory_query, reference, reference, create_instance, lock_server};
static const void *factory = FACTORY_SLOTS;

/* --- set-up --- */

/* Slots of the largest interface, with room to spare. */
static void *slots[KINDS][64];
/* The slots of a late-bound client, for every interface. */
static void *late_slots[64];

/* Refuses calls by the vtable from now on. Returns true if a member refuses. */
static int become_late_bound(void)
{
    LONG value = 0;
    for (int kind = 0; kind < KINDS; kind++) objects[kind].vtable = late_slots;
    return ILyncClient_get_State((ILyncClient *)&objects[CLIENT], (void *)&value) == E_NOTIMPL;
}

static void prepare(enum kind kind, ITypeLib *library)
{
    Object *object = &objects[kind];
    void **slot = slots[kind];
    for (int i = 0; i < 64; i++) slot[i] = not_implemented;
    slot[0] = query; slot[1] = reference; slot[2] = reference;
    slot[3] = get_type_info_count; slot[4] = get_type_info; slot[5] = get_ids; slot[6] = invoke;
    object->vtable = slot;
    object->container_vtable = CONTAINER_SLOTS;
    object->point_vtable = POINT_SLOTS;
    object->kind = kind;
    ITypeLib_GetTypeInfoOfGuid(library, INTERFACES[kind], &object->info);
    named[kind] = *object;
    for (int i = 0; i < 64; i++) late_slots[i] = i < 7 ? slot[i] : not_implemented;
}

static ITypeLib *library(const WCHAR *name)
{
    WCHAR path[MAX_PATH];
    ITypeLib *loaded = NULL;
    HRESULT hr;
    GetModuleFileNameW(NULL, path, MAX_PATH);
    wcscpy(wcsrchr(path, L'\\') + 1, name);
    hr = LoadTypeLibEx(path, REGKIND_REGISTER, &loaded);
    if (FAILED(hr)) { printf("error type library 0x%08lX\n", hr); exit(1); }
    return loaded;
}

static void set_up(void)
{
    ITypeLib *messenger = library(L"messenger.tlb"), *office = library(L"office.tlb");
    for (int kind = 0; kind < KINDS; kind++) prepare(kind, kind < ROOT ? messenger : office);
    {
        IMessengerVtbl *v = (IMessengerVtbl *)slots[MESSENGER];
        v->get_MyStatus = (void *)get_my_status;
        v->put_MyStatus = (void *)put_my_status;
        v->get_MySigninName = (void *)get_my_signin_name;
        v->get_MyFriendlyName = (void *)get_my_friendly_name;
        v->get_MyServiceId = (void *)get_my_service_id;
        v->get_Services = (void *)get_services;
        v->Signin = (void *)signin;
        v->AutoSignin = (void *)auto_signin;
    }
    ((IMessengerServicesVtbl *)slots[SERVICES])->get_PrimaryService = (void *)get_primary_service;
    {
        IMessengerServiceVtbl *v = (IMessengerServiceVtbl *)slots[SERVICE];
        v->get_MyStatus = (void *)get_service_status;
        v->get_MySigninName = (void *)get_my_signin_name;
        v->get_MyFriendlyName = (void *)get_my_friendly_name;
    }
    {
        IUCOfficeIntegrationVtbl *v = (IUCOfficeIntegrationVtbl *)slots[ROOT];
        v->GetAuthenticationInfo = (void *)get_authentication_info;
        v->GetInterface = (void *)get_interface;
    }
    {
        ILyncClientVtbl *v = (ILyncClientVtbl *)slots[CLIENT];
        v->get_State = (void *)get_state;
        v->get_Uri = (void *)get_uri;
        v->get_Self = (void *)get_self;
        v->get_ContactManager = (void *)get_manager;
    }
    {
        IContactManagerVtbl *v = (IContactManagerVtbl *)slots[MANAGER];
        v->GetContactByUri = (void *)get_contact_by_uri;
        v->CreateSubscription = (void *)create_subscription;
    }
    {
        IContactSubscriptionVtbl *v = (IContactSubscriptionVtbl *)slots[SUBSCRIPTION];
        v->Subscribe = (void *)subscribe;
        v->AddContact = (void *)add_contact;
    }
    ((ISelfVtbl *)slots[SELF])->get_Contact = (void *)get_contact;
    ((IContactVtbl *)slots[CONTACT])->GetContactInformation = (void *)get_contact_information;
    {
        IClientStateChangedEventDataVtbl *v = (IClientStateChangedEventDataVtbl *)slots[EVENTDATA];
        v->get_NewState = (void *)get_new_state;
        v->get_OldState = (void *)get_old_state;
        v->get_StatusCode = (void *)get_status_code;
    }
}

/* --- the registry --- */

static const char *key_of(const char *root)
{
    static char path[512];
    snprintf(path, sizeof path, "%s\\%s", root, app);
    return path;
}

#define PROVIDERS "Software\\IM Providers"

static LONG set_value(const char *name, DWORD kind, const void *data, DWORD size)
{
    return RegSetKeyValueA(HKEY_CURRENT_USER, key_of(PROVIDERS), name, kind, data, size);
}

static LONG set_flag(DWORD flag)
{
    QueryPerformanceCounter(&began);
    return set_value("UpAndRunning", REG_DWORD, &flag, sizeof flag);
}

static LONG install(const char *program, const char *guid, REGSAM view)
{
    HKEY key;
    LONG rc = RegCreateKeyExA(HKEY_LOCAL_MACHINE, key_of(PROVIDERS), 0, NULL, 0, KEY_WRITE | view, NULL, &key, NULL);
    if (rc) return rc;
    RegSetValueExA(key, "ProcessName", 0, REG_SZ, (const BYTE *)program, strlen(program) + 1);
    RegSetValueExA(key, "GUID", 0, REG_SZ, (const BYTE *)guid, strlen(guid) + 1);
    return RegCloseKey(key);
}

/* --- commands --- */

static int is(const char *word, const char *expected) { return word && !strcmp(word, expected); }

static void wide(WCHAR *to, const char *from)
{
    MultiByteToWideChar(CP_UTF8, 0, from ? from : "", -1, to, 256);
}

static void done(LONG code)
{
    if (code) printf("error 0x%08lX\n", code);
    else printf("ok\n");
}

static void answer_with(char *member, char *code, char *shape)
{
    HRESULT hr = is(code, "ok") ? S_OK : (HRESULT)strtoul(code ? code : "0", NULL, 16);
    fails_directly = !is(shape, "exception");
    if (is(member, "MyStatus") || is(member, "State")) fails_status = hr;
    else if (is(member, "MySigninName")) fails_name = hr;
    else if (is(member, "MyFriendlyName")) fails_friendly = hr;
    else if (is(member, "ServiceMyStatus")) fails_service_status = hr;
    else { printf("error no member %s\n", member ? member : ""); return; }
    printf("ok\n");
}

static void fire_event(char *what, char *rest)
{
    VARIANT arguments[2];
    long a = 0, b = 0, c = 0;
    int delivered;
    if (rest) {
        char *end = rest;
        a = (long)strtoul(rest, &end, 0);
        b = (long)strtoul(end, &end, 0);
        c = (long)strtoul(end, &end, 0);
    }
    if (is(what, "signin")) { arguments[0] = number(a); delivered = fire(MESSENGER, 1024, arguments, 1); }
    else if (is(what, "signout")) delivered = fire(MESSENGER, 1025, arguments, 0);
    else if (is(what, "status")) { arguments[0] = number(a); arguments[1] = number(b); delivered = fire(MESSENGER, 1031, arguments, 2); }
    else if (is(what, "shutdown")) delivered = fire(MESSENGER, 1032, arguments, 0);
    else if (is(what, "unknown")) { arguments[0] = number(1); delivered = fire(is_lync ? CLIENT : MESSENGER, a, arguments, 1); }
    else if (is(what, "state")) {
        old_state = a; status_code = c;
        arguments[0] = object_value(CLIENT); arguments[1] = object_value(EVENTDATA);
        delivered = fire(CLIENT, 100, arguments, 2);
        (void)b;
    } else if (is(what, "shutting-down")) delivered = fire(ROOT, 50, arguments, 0);
    else if (is(what, "contact")) {
        arguments[0] = object_value(CONTACT); arguments[1] = object_value(EVENTDATA);
        delivered = is_strict && wcscmp(subscribed_uri, uri) ? 0 : fire(CONTACT, 400, arguments, 2);
    } else { printf("error no event %s\n", what ? what : ""); return; }
    printf("ok %d\n", delivered);
}

static void revoke(void)
{
    if (factory_cookie) CoRevokeClassObject(factory_cookie);
    factory_cookie = 0;
}

static int command(char *line)
{
    char *word = strtok(line, " \r\n"), *rest = strtok(NULL, "\r\n");
    if (!word) return 1;
    if (is(word, "flag")) done(set_flag(strtoul(rest ? rest : "0", NULL, 0)));
    else if (is(word, "flag-missing")) {
        set_flag(0);
        done(RegDeleteKeyValueA(HKEY_CURRENT_USER, key_of(PROVIDERS), "UpAndRunning"));
    } else if (is(word, "flag-text")) done(set_value("UpAndRunning", REG_SZ, rest, strlen(rest) + 1));
    else if (is(word, "key-delete")) done(RegDeleteTreeA(HKEY_CURRENT_USER, key_of(PROVIDERS)));
    else if (is(word, "key-delete-all")) done(RegDeleteTreeA(HKEY_CURRENT_USER, PROVIDERS));
    else if (is(word, "install")) {
        char *program = strtok(rest, " "), *guid = strtok(NULL, " "), *view = strtok(NULL, " ");
        LONG rc = 0;
        if (!is(view, "narrow")) rc = install(program, guid, KEY_WOW64_64KEY);
        if (!rc && !is(view, "wide")) rc = install(program, guid, KEY_WOW64_32KEY);
        done(rc);
    } else if (is(word, "register")) {
        factory_refuses = rest ? (HRESULT)strtoul(rest, NULL, 16) : S_OK;
        if (factory_cookie) done(0);
        else done(CoRegisterClassObject(&class_id, (IUnknown *)&factory, CLSCTX_LOCAL_SERVER, REGCLS_MULTIPLEUSE, &factory_cookie));
    } else if (is(word, "revoke")) { revoke(); done(0); }
    else if (is(word, "status")) { status = strtol(rest, NULL, 0); done(0); }
    else if (is(word, "state")) { state = strtol(rest, NULL, 0); done(0); }
    else if (is(word, "availability")) { availability = strtol(rest, NULL, 0); done(0); }
    else if (is(word, "activity")) { wide(activity, rest); done(0); }
    else if (is(word, "uri")) { wide(uri, rest); done(0); }
    else if (is(word, "name")) { wide(signin_name, rest); done(0); }
    else if (is(word, "friendly")) { wide(friendly_name, rest); done(0); }
    else if (is(word, "note")) { wide(note, rest); done(0); }
    else if (is(word, "versions")) { snprintf(versions, sizeof versions, "%s", rest ? rest : ""); done(0); }
    else if (is(word, "strict")) { is_strict = 1; done(0); }
    else if (is(word, "late-bound")) done(become_late_bound() ? 0 : E_UNEXPECTED);
    else if (is(word, "crash-in")) { snprintf(fatal, sizeof fatal, "%s", rest ? rest : ""); done(0); }
    else if (is(word, "steps")) printf("ok %s\n", steps);
    else if (is(word, "pause")) { pause_ms = strtoul(rest, NULL, 0); done(0); }
    else if (is(word, "answer")) {
        char *member = strtok(rest, " "), *code = strtok(NULL, " "), *shape = strtok(NULL, " ");
        answer_with(member, code, shape);
    } else if (is(word, "fire")) {
        char *what = strtok(rest, " "), *arguments = strtok(NULL, "");
        fire_event(what, arguments);
    } else if (is(word, "began")) printf("ok %lld\n", (long long)began.QuadPart);
    else if (is(word, "calls")) printf("ok %ld %ld\n", calls, signin_calls);
    else if (is(word, "hang")) { printf("ok\n"); fflush(stdout); WaitForSingleObject(go_on, INFINITE); return 1; }
    else if (is(word, "crash")) { printf("ok\n"); fflush(stdout); TerminateProcess(GetCurrentProcess(), 3); }
    else if (is(word, "quit")) { set_flag(0); revoke(); printf("ok\n"); return 0; }
    else if (is(word, "quit-silently")) { revoke(); printf("ok\n"); return 0; }
    else printf("error no command %s\n", word);
    return 1;
}

/* Passes each line to the thread of the objects; `go-on` works while that thread hangs. */
static DWORD WINAPI read_lines(void *none)
{
    char line[1024];
    (void)none;
    while (fgets(line, sizeof line, stdin)) {
        if (!strncmp(line, "go-on", 5)) { SetEvent(go_on); printf("ok\n"); fflush(stdout); continue; }
        PostThreadMessageW(main_thread, WM_LINE, 0, (LPARAM)_strdup(line));
    }
    PostThreadMessageW(main_thread, WM_QUIT, 0, 0);
    return 0;
}

int main(int argc, char **argv)
{
    MSG message;
    const char *class_text = NULL;
    WCHAR class_wide[256];
    for (int i = 1; i + 1 < argc; i += 2) {
        if (is(argv[i], "--app")) app = argv[i + 1];
        else if (is(argv[i], "--class")) class_text = argv[i + 1];
        else if (is(argv[i], "--kind")) is_lync = is(argv[i + 1], "lync");
    }
    if (!class_text)
        class_text = is_lync ? "{A0651028-BA7A-4D71-877F-12E0175A5806}" : "{8885370D-B33E-44B7-875D-28E403CF9270}";
    wide(class_wide, class_text);
    setvbuf(stdout, NULL, _IONBF, 0);
    CoInitializeEx(NULL, COINIT_APARTMENTTHREADED);
    if (FAILED(CLSIDFromString(class_wide, &class_id))) { printf("error class\n"); return 1; }
    set_up();
    go_on = CreateEventW(NULL, FALSE, FALSE, NULL);
    main_thread = GetCurrentThreadId();
    PeekMessageW(&message, NULL, 0, 0, PM_NOREMOVE);
    printf("ok ready\n");
    CreateThread(NULL, 0, read_lines, NULL, 0, NULL);
    while (GetMessageW(&message, NULL, 0, 0) > 0) {
        if (message.message == WM_LINE && !message.hwnd) {
            char *line = (char *)message.lParam;
            int more = command(line);
            fflush(stdout);
            free(line);
            if (!more) break;
            continue;
        }
        DispatchMessageW(&message);
    }
    revoke();
    fflush(stdout);
    /* Wine may wait for ever in CoUninitialize for callers that still hold an object. */
    TerminateProcess(GetCurrentProcess(), 0);
    return 0;
}
