/* The least that listening can be on Windows, to measure against: a notice of the registry, or an
 * event of Communicator's, and a line for each. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include <string.h>

static const CLSID MESSENGER = {0x8885370D, 0xB33E, 0x44B7, {0x87, 0x5D, 0x28, 0xE4, 0x03, 0xCF, 0x92, 0x70}};
static const IID EVENTS = {0xC9A6A6B6, 0x9BC1, 0x43A5, {0xB0, 0x6B, 0xE5, 0x88, 0x74, 0xEE, 0xBC, 0x96}};

static void line(const char *what, long number)
{
    printf("%s %ld\n", what, number);
    fflush(stdout);
}

static int registry(const char *path)
{
    HKEY key;
    if (RegCreateKeyExA(HKEY_CURRENT_USER, path, 0, NULL, 0, KEY_READ | KEY_NOTIFY, NULL, &key, NULL)) return 1;
    line("ready", 0);
    for (;;) {
        DWORD flag = 0, size = sizeof flag;
        if (RegNotifyChangeKeyValue(key, TRUE, REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET, NULL, FALSE)) return 1;
        RegQueryValueExA(key, "UpAndRunning", NULL, NULL, (BYTE *)&flag, &size);
        line("UpAndRunning", flag);
    }
}

static HRESULT WINAPI query(IDispatch *this, REFIID wanted, void **r)
{
    *r = this;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch) || IsEqualIID(wanted, &EVENTS)) return S_OK;
    *r = NULL;
    return E_NOINTERFACE;
}

static ULONG WINAPI reference(IDispatch *this) { (void)this; return 2; }
static HRESULT WINAPI count(IDispatch *this, UINT *r) { (void)this; *r = 0; return S_OK; }

static HRESULT WINAPI info(IDispatch *this, UINT index, LCID locale, ITypeInfo **r)
{
    (void)this; (void)index; (void)locale; (void)r;
    return E_NOTIMPL;
}

static HRESULT WINAPI ids(IDispatch *this, REFIID iid, LPOLESTR *names, UINT n, LCID locale, DISPID *r)
{
    (void)this; (void)iid; (void)names; (void)n; (void)locale; (void)r;
    return E_NOTIMPL;
}

static HRESULT WINAPI invoke(IDispatch *this, DISPID id, REFIID iid, LCID locale, WORD flags,
                             DISPPARAMS *parameters, VARIANT *result, EXCEPINFO *exception, UINT *argument)
{
    (void)this; (void)iid; (void)locale; (void)flags; (void)result; (void)exception; (void)argument;
    if (id == 1031 && parameters->cArgs == 2) line("OnMyStatusChange", V_I4(&parameters->rgvarg[0]));
    return S_OK;
}

static IDispatchVtbl table = {query, reference, reference, count, info, ids, invoke};
static IDispatch sink = {&table};

static int events(void)
{
    IUnknown *messenger;
    IConnectionPointContainer *container;
    IConnectionPoint *point;
    DWORD cookie;
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    if (FAILED(CoCreateInstance(&MESSENGER, NULL, CLSCTX_LOCAL_SERVER, &IID_IUnknown, (void **)&messenger))
        || FAILED(IUnknown_QueryInterface(messenger, &IID_IConnectionPointContainer, (void **)&container))
        || FAILED(IConnectionPointContainer_FindConnectionPoint(container, &EVENTS, &point))
        || FAILED(IConnectionPoint_Advise(point, (IUnknown *)&sink, &cookie)))
        return 1;
    line("ready", 0);
    Sleep(INFINITE);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "registry")) return registry(argv[2]);
    if (argc == 2 && !strcmp(argv[1], "events")) return events();
    printf("usage: bare registry KEY | bare events\n");
    return 2;
}
