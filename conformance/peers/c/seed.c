/* The article's console program (C. Mayo, "Getting sign in/sign out status via Office Communicator
 * 2007 SDK"), call by call: the flag, the object, the three events, the boolean, Enter. Early-bound
 * like C#. It has the article's faults, because real programs have them. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include "communicator.h"

static int signed_in;

static void say(const char *what)
{
    printf("%s%s\n", what, signed_in ? "True" : "False");
    fflush(stdout);
}

static int is_communicator_running(void)
{
    DWORD flag = 1, size = sizeof flag;
    RegGetValueA(HKEY_CURRENT_USER, "Software\\IM Providers\\Communicator", "UpAndRunning", RRF_RT_REG_DWORD, NULL, &flag, &size);
    return flag == 2;
}

static HRESULT WINAPI query(IDispatch *this, REFIID wanted, void **r)
{
    *r = this;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch) || IsEqualIID(wanted, &DIID_DMessengerEvents)) return S_OK;
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
    if (id == 1024) {
        if (V_I4(&parameters->rgvarg[0]) == 0) signed_in = 1;
        printf("OnSignin 0x%08lX\n", (unsigned long)V_I4(&parameters->rgvarg[0]));
        say("signed in: ");
    } else if (id == 1025) { signed_in = 0; say("OnSignout, signed in: "); }
    else if (id == 1032) { printf("OnAppShutdown\n"); fflush(stdout); }
    return S_OK;
}

static IDispatchVtbl table = {query, reference, reference, count, info, ids, invoke};
static IDispatch sink = {&table};

int main(void)
{
    IMessenger3 *messenger;
    IConnectionPointContainer *container;
    IConnectionPoint *point;
    DWORD cookie;
    long status;
    HRESULT hr;
    if (!is_communicator_running()) { printf("not running\n"); return 1; }
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    hr = CoCreateInstance(&CLSID_Messenger, NULL, CLSCTX_LOCAL_SERVER, &IID_IMessenger3, (void **)&messenger);
    if (FAILED(hr)) { printf("new Messenger: 0x%08lX\n", hr); return 2; }
    hr = IMessenger3_QueryInterface(messenger, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_FindConnectionPoint(container, &DIID_DMessengerEvents, &point);
    if (SUCCEEDED(hr)) hr = IConnectionPoint_Advise(point, (IUnknown *)&sink, &cookie);
    if (FAILED(hr)) { printf("events: 0x%08lX\n", hr); return 3; }
    hr = IMessenger3_get_MyStatus(messenger, &status);
    if (FAILED(hr)) { printf("MyStatus: 0x%08lX\n", hr); return 4; }
    signed_in = (status & 2) == 2;
    say("signed in: ");
    printf("Press Enter key to exit the application.\n");
    fflush(stdout);
    getchar();
    IConnectionPoint_Unadvise(point, cookie);
    IConnectionPoint_Release(point);
    IConnectionPointContainer_Release(container);
    IMessenger3_Release(messenger);
    CoUninitialize();
    return 0;
}
