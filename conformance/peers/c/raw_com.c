/* The minimal COM programs for comparison: listeners to a registry key or to the events of Communicator, a
 * counter of events, and a caller that sets a status. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include <stdlib.h>
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

static long long ticks(void)
{
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    return now.QuadPart;
}

/* The status changes per line; 0: a line for each change. */
static LONG counts, heard;

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
    if (id != 1031 || parameters->cArgs != 2) return S_OK;
    if (!counts) line("OnMyStatusChange", V_I4(&parameters->rgvarg[0]));
    else if (InterlockedIncrement(&heard) % counts == 0) {
        printf("heard %lld\n", ticks());
        fflush(stdout);
    }
    return S_OK;
}

static IDispatchVtbl table = {query, reference, reference, count, info, ids, invoke};

static int failed(const char *what, HRESULT hr)
{
    printf("%s 0x%08lX\n", what, (unsigned long)hr);
    return 1;
}

static HRESULT create(REFIID iid, void **r)
{
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    return CoCreateInstance(&MESSENGER, NULL, CLSCTX_LOCAL_SERVER, iid, r);
}

/* Each connection has its own sink. */
static int events(int connections)
{
    IDispatch *sinks = calloc(connections, sizeof *sinks);
    IUnknown *messenger;
    IConnectionPointContainer *container;
    IConnectionPoint *point;
    DWORD cookie;
    HRESULT hr = create(&IID_IUnknown, (void **)&messenger);
    if (SUCCEEDED(hr)) hr = IUnknown_QueryInterface(messenger, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_FindConnectionPoint(container, &EVENTS, &point);
    for (int i = 0; SUCCEEDED(hr) && i < connections; i++) {
        sinks[i].lpVtbl = &table;
        hr = IConnectionPoint_Advise(point, (IUnknown *)&sinks[i], &cookie);
    }
    if (FAILED(hr)) return failed("subscribe", hr);
    line("ready", 0);
    Sleep(INFINITE);
    return 0;
}

/* For each line with a number: this many changes between busy and away, and their start time. */
static int changes(void)
{
    IDispatch *messenger;
    DISPID named = DISPID_PROPERTYPUT;
    VARIANT status;
    DISPPARAMS parameters = {&status, &named, 1, 1};
    char count[32];
    int is_busy = 0;
    HRESULT hr = create(&IID_IDispatch, (void **)&messenger);
    if (FAILED(hr)) return failed("create", hr);
    V_VT(&status) = VT_I4;
    line("ready", 0);
    while (fgets(count, sizeof count, stdin)) {
        long long began = ticks();
        for (int i = atoi(count); i > 0; i--) {
            is_busy = !is_busy;
            V_I4(&status) = is_busy ? 0x0A : 0x22;
            hr = IDispatch_Invoke(messenger, 1305, &IID_NULL, 0, DISPATCH_PROPERTYPUT, &parameters, NULL, NULL, NULL);
            if (FAILED(hr)) return failed("put", hr);
        }
        printf("began %lld\n", began);
        fflush(stdout);
    }
    /* Wine may wait for ever in CoUninitialize. */
    return 0;
}

int main(int argc, char **argv)
{
    if (argc == 3 && !strcmp(argv[1], "registry")) return registry(argv[2]);
    if (argc == 2 && !strcmp(argv[1], "events")) return events(1);
    if (argc == 4 && !strcmp(argv[1], "count")) {
        counts = atoi(argv[2]) * atoi(argv[3]);
        return events(atoi(argv[2]));
    }
    if (argc == 2 && !strcmp(argv[1], "changes")) return changes();
    printf("usage: bare registry KEY | bare events | bare count CONNECTIONS CHANGES | bare changes\n");
    return 2;
}
