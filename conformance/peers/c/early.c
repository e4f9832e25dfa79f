/* An early-bound caller of IMessenger3 and the interfaces that it returns: every slot by its position
 * in the vtable. Each line has the result of one call. With an argument: `beside` does the same with the other interfaces; `cycles N` connects,
 * subscribes and releases N times; `flood N` writes MyStatus N times; both print every hundredth
 * number; `hang` subscribes and never returns from an event; `leave` exits without a release; `hold` keeps one object of
 * every interface. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "communicator.h"

static void print_result(const char *what, HRESULT hr) { printf("%s 0x%08lX\n", what, (unsigned long)hr); fflush(stdout); }
static void text(const char *what, HRESULT hr, BSTR value)
{
    if (FAILED(hr)) { print_result(what, hr); return; }
    printf("%s %ls\n", what, value ? value : L"");
    fflush(stdout);
    SysFreeString(value);
}
static void number(const char *what, HRESULT hr, long value)
{
    if (FAILED(hr)) { print_result(what, hr); return; }
    printf("%s %ld\n", what, value);
    fflush(stdout);
}

static HRESULT WINAPI query(IDispatch *this, REFIID wanted, void **r)
{
    *r = this;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch)) return S_OK;
    *r = NULL;
    return E_NOINTERFACE;
}
static ULONG WINAPI reference(IDispatch *this) { (void)this; return 2; }
static HRESULT WINAPI none(IDispatch *this) { (void)this; return E_NOTIMPL; }
static int hangs;
static HRESULT WINAPI invoke(IDispatch *this, DISPID id, REFIID iid, LCID locale, WORD flags,
                             DISPPARAMS *parameters, VARIANT *result, EXCEPINFO *exception, UINT *argument)
{
    (void)this; (void)iid; (void)locale; (void)flags; (void)parameters; (void)result; (void)exception; (void)argument;
    if (hangs) { printf("hangs in %ld\n", id); fflush(stdout); Sleep(INFINITE); }
    return S_OK;
}
/* A sink that knows only IDispatch. */
static IDispatchVtbl table = {query, reference, reference, (void *)none, (void *)none, (void *)none, invoke};
static IDispatch sink = {&table};

static IMessenger3 *create(void)
{
    IMessenger3 *messenger = NULL;
    HRESULT hr = CoCreateInstance(&CLSID_Messenger, NULL, CLSCTX_LOCAL_SERVER, &IID_IMessenger3, (void **)&messenger);
    if (FAILED(hr)) { print_result("create", hr); exit(1); }
    return messenger;
}

static IConnectionPoint *subscribe(void *messenger, DWORD *cookie)
{
    IConnectionPointContainer *container;
    IConnectionPoint *point = NULL;
    HRESULT hr = IUnknown_QueryInterface((IUnknown *)messenger, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_FindConnectionPoint(container, &DIID_DMessengerEvents, &point);
    if (SUCCEEDED(hr)) hr = IConnectionPoint_Advise(point, (IUnknown *)&sink, cookie);
    if (FAILED(hr)) { print_result("subscribe", hr); exit(1); }
    IConnectionPointContainer_Release(container);
    return point;
}

/* The interfaces beside the members: connection points and their connections, class information, error information. */
static void beside(IMessenger3 *messenger)
{
    IConnectionPointContainer *container;
    IEnumConnectionPoints *points;
    IConnectionPoint *point = NULL;
    IEnumConnections *connections;
    IProvideClassInfo2 *class_info;
    ISupportErrorInfo *error_info;
    ITypeInfo *type_info = NULL;
    CONNECTDATA data = {0};
    DWORD cookie;
    ULONG fetched = 0;
    GUID iid;
    HRESULT hr = IMessenger3_QueryInterface(messenger, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_EnumConnectionPoints(container, &points);
    if (SUCCEEDED(hr)) hr = IEnumConnectionPoints_Next(points, 1, &point, &fetched);
    if (SUCCEEDED(hr)) hr = IConnectionPoint_GetConnectionInterface(point, &iid);
    /* Wine's proxies return a wrong count after the array, so only its elements count here. */
    number("EnumConnectionPoints", hr, IsEqualIID(&iid, &DIID_DMessengerEvents));
    print_result("EnumConnectionPoints after the last", IEnumConnectionPoints_Next(points, 1, &point, &fetched));
    point = subscribe(messenger, &cookie);
    hr = IConnectionPoint_EnumConnections(point, &connections);
    if (SUCCEEDED(hr)) hr = IEnumConnections_Next(connections, 1, &data, &fetched);
    number("EnumConnections", hr, data.dwCookie == cookie && data.pUnk);
    IConnectionPoint_Unadvise(point, cookie);
    hr = IMessenger3_QueryInterface(messenger, &IID_IProvideClassInfo2, (void **)&class_info);
    if (SUCCEEDED(hr)) hr = IProvideClassInfo2_GetGUID(class_info, GUIDKIND_DEFAULT_SOURCE_DISP_IID, &iid);
    number("GetGUID", hr, IsEqualIID(&iid, &DIID_DMessengerEvents));
    print_result("GetGUID of another kind", IProvideClassInfo2_GetGUID(class_info, 2, &iid));
    print_result("GetTypeInfo", IMessenger3_GetTypeInfo(messenger, 0, 0, &type_info));
    print_result("GetTypeInfo of another index", IMessenger3_GetTypeInfo(messenger, 1, 0, &type_info));
    hr = IMessenger3_QueryInterface(messenger, &IID_ISupportErrorInfo, (void **)&error_info);
    if (SUCCEEDED(hr)) hr = ISupportErrorInfo_InterfaceSupportsErrorInfo(error_info, &IID_IMessenger3);
    print_result("InterfaceSupportsErrorInfo", hr);
    print_result("InterfaceSupportsErrorInfo of a stranger", ISupportErrorInfo_InterfaceSupportsErrorInfo(error_info, &IID_IConnectionPoint));
}

static void walk(IMessenger3 *messenger)
{
    BSTR string = NULL;
    long value = 0;
    IDispatch *object = NULL;
    VARIANT any;
    HRESULT hr;
    hr = IMessenger3_get_MyStatus(messenger, &value); number("MyStatus", hr, value);
    hr = IMessenger3_get_MySigninName(messenger, &string); text("MySigninName", hr, string);
    hr = IMessenger3_get_MyFriendlyName(messenger, &string); text("MyFriendlyName", hr, string);
    hr = IMessenger3_get_MyServiceName(messenger, &string); text("MyServiceName", hr, string);
    print_result("put MyStatus", IMessenger3_put_MyStatus(messenger, 0x0A));
    hr = IMessenger3_get_MyStatus(messenger, &value); number("MyStatus", hr, value);
    print_result("put OFFLINE", IMessenger3_put_MyStatus(messenger, 1));
    print_result("Window", IMessenger3_get_Window(messenger, &object));
    VariantInit(&any);
    hr = IMessenger3_get_Property(messenger, 0, &any);
    text("Property", hr, V_VT(&any) == VT_BSTR ? V_BSTR(&any) : NULL);
    string = SysAllocString(L"friends");
    VariantInit(&any);
    print_result("CreateGroup", IMessenger3_CreateGroup(messenger, string, any, &object));
    SysFreeString(string);
    string = SysAllocString(L"sip:ALICE@uc.test");
    hr = IMessenger3_GetContact(messenger, string, NULL, &object);
    SysFreeString(string);
    if (SUCCEEDED(hr)) {
        IMessengerContactAdvanced *contact;
        VARIANT_BOOL is_self = VARIANT_FALSE;
        hr = IDispatch_QueryInterface(object, &IID_IMessengerContactAdvanced, (void **)&contact);
        if (SUCCEEDED(hr)) {
            hr = IMessengerContactAdvanced_get_Status(contact, &value); number("Contact.Status", hr, value);
            hr = IMessengerContactAdvanced_get_IsSelf(contact, &is_self);
            number("Contact.IsSelf", hr, is_self);
            VariantInit(&any);
            hr = IMessengerContactAdvanced_get_PresenceProperties(contact, &any);
            if (SUCCEEDED(hr)) {
                LONG index = 1;
                VARIANT one;
                VariantInit(&one);
                hr = SafeArrayGetElement(V_ARRAY(&any), &index, &one);
                number("Contact.PresenceProperties(1)", hr, V_I4(&one));
            } else print_result("Contact.PresenceProperties", hr);
            IMessengerContactAdvanced_Release(contact);
        } else print_result("Contact", hr);
        IDispatch_Release(object);
    } else print_result("GetContact", hr);
    string = SysAllocString(L"bob@uc.test");
    print_result("GetContact of a stranger", IMessenger3_GetContact(messenger, string, NULL, &object));
    SysFreeString(string);
    hr = IMessenger3_get_Services(messenger, &object);
    if (SUCCEEDED(hr)) {
        IMessengerServices *services;
        IDispatch *primary = NULL;
        hr = IDispatch_QueryInterface(object, &IID_IMessengerServices, (void **)&services);
        if (SUCCEEDED(hr)) hr = IMessengerServices_get_PrimaryService(services, &primary);
        if (SUCCEEDED(hr)) {
            IMessengerService *service;
            hr = IDispatch_QueryInterface(primary, &IID_IMessengerService, (void **)&service);
            if (SUCCEEDED(hr)) { hr = IMessengerService_get_MyStatus(service, &value); number("Service.MyStatus", hr, value); IMessengerService_Release(service); }
            IDispatch_Release(primary);
        }
        if (FAILED(hr)) print_result("Services", hr);
    }
    {
        IMessengerAdvanced *advanced;
        IMessengerContactResolution *resolution;
        hr = IMessenger3_QueryInterface(messenger, &IID_IMessengerAdvanced, (void **)&advanced);
        if (SUCCEEDED(hr)) { hr = IMessengerAdvanced_GetAuthenticationInfo(advanced, &string); text("GetAuthenticationInfo", hr, string); IMessengerAdvanced_Release(advanced); }
        else print_result("IMessengerAdvanced", hr);
        hr = IMessenger3_QueryInterface(messenger, &IID_IMessengerContactResolution, (void **)&resolution);
        if (SUCCEEDED(hr)) {
            BSTR address = SysAllocString(L"alice@uc.test");
            hr = IMessengerContactResolution_ResolveContact(resolution, 1, 2, address, &string);
            text("ResolveContact", hr, string);
            IMessengerContactResolution_Release(resolution);
        } else print_result("IMessengerContactResolution", hr);
    }
    print_result("Signin", IMessenger3_Signin(messenger, 0, NULL, NULL));
    print_result("Signout", IMessenger3_Signout(messenger));
    hr = IMessenger3_get_MyStatus(messenger, &value); number("MyStatus", hr, value);
    hr = IMessenger3_get_MySigninName(messenger, &string); text("MySigninName", hr, string);
}

int main(int argc, char **argv)
{
    const char *word = argc > 1 ? argv[1] : "walk";
    int count = argc > 2 ? atoi(argv[2]) : 0;
    DWORD cookie;
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (!strcmp(word, "walk")) { walk(create()); return 0; }
    if (!strcmp(word, "beside")) { beside(create()); return 0; }
    if (!strcmp(word, "cycles")) {
        /* One object of every interface stays, with its class object. When the last object of an interface goes, Wine's
         * RpcServerUnregisterIf waits for the calls to that interface. It reads CurrentCalls before it sets Delete and
         * CallsCompletedEvent. A call that ends in between wakes nobody, and the server hangs. */
        DWORD stays;
        IClassFactory *factory;
        IMessenger3 *first;
        IConnectionPoint *held;
        IDispatch *late;
        if (FAILED(CoGetClassObject(&CLSID_Messenger, CLSCTX_LOCAL_SERVER, NULL, &IID_IClassFactory, (void **)&factory))) { printf("class\n"); return 1; }
        first = create();
        held = subscribe(first, &stays);
        if (FAILED(IMessenger3_QueryInterface(first, &IID_IDispatch, (void **)&late))) { printf("query\n"); return 1; }
        for (int i = 0; i < count; i++) {
            /* By IDispatch: what Wine makes of a type library for each object keeps two kilobytes of it. */
            IDispatch *messenger;
            IConnectionPoint *point;
            if (FAILED(CoCreateInstance(&CLSID_Messenger, NULL, CLSCTX_LOCAL_SERVER, &IID_IDispatch, (void **)&messenger))) { printf("create\n"); return 1; }
            point = subscribe(messenger, &cookie);
            if (FAILED(IConnectionPoint_Unadvise(point, cookie))) { printf("unadvise\n"); return 1; }
            IConnectionPoint_Release(point);
            IDispatch_Release(messenger);
            if ((i + 1) % 100 == 0) number("cycles", S_OK, i + 1);
        }
        IConnectionPoint_Unadvise(held, stays);
        TerminateProcess(GetCurrentProcess(), 0);
    }
    if (!strcmp(word, "flood")) {
        IMessenger3 *messenger = create();
        for (int i = 1; i <= count; i++)
        {
            if (FAILED(IMessenger3_put_MyStatus(messenger, i % 2 ? 0x0A : 0x22))) { printf("put\n"); return 1; }
            if (i % 100 == 0) number("flood", S_OK, i);
        }
        return 0;
    }
    if (!strcmp(word, "hold")) {
        /* For other programs, which release all objects: see `cycles`. */
        IClassFactory *factory;
        IMessenger3 *first = create();
        IDispatch *late;
        subscribe(first, &cookie);
        if (FAILED(CoGetClassObject(&CLSID_Messenger, CLSCTX_LOCAL_SERVER, NULL, &IID_IClassFactory, (void **)&factory))) { printf("class\n"); return 1; }
        if (FAILED(IMessenger3_QueryInterface(first, &IID_IDispatch, (void **)&late))) { printf("query\n"); return 1; }
        printf("holds\n");
        fflush(stdout);
        Sleep(INFINITE);
    }
    hangs = !strcmp(word, "hang");
    subscribe(create(), &cookie);
    printf("subscribed\n");
    fflush(stdout);
    if (!strcmp(word, "leave")) TerminateProcess(GetCurrentProcess(), 0);
    Sleep(INFINITE);
    return 0;
}
