/* A program with three connections to the events of one object, as a C# program with three handlers has: `order N` signs
 * out and in N times. No connection may get an event before all have returned from the event before it. Prints every
 * hundredth pair, or the first fault. */

#define COBJMACROS
#include <windows.h>
#include <ole2.h>
#include <ocidl.h>
#include <stdio.h>
#include <stdlib.h>
#include "communicator.h"

#define CONNECTIONS 3
/* The provider keeps 256 events for each connection, and a pair has at most 7. */
#define BURST 20

static CRITICAL_SECTION lock;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static char fault[200];

struct sink {
    IDispatchVtbl *table;
    long begun, returned;
};
static struct sink sinks[CONNECTIONS];

static HRESULT WINAPI query(IDispatch *this, REFIID wanted, void **r)
{
    *r = this;
    if (IsEqualIID(wanted, &IID_IUnknown) || IsEqualIID(wanted, &IID_IDispatch)) return S_OK;
    *r = NULL;
    return E_NOINTERFACE;
}
static ULONG WINAPI reference(IDispatch *this) { (void)this; return 2; }
static HRESULT WINAPI none(IDispatch *this) { (void)this; return E_NOTIMPL; }

static HRESULT WINAPI invoke(IDispatch *this, DISPID id, REFIID iid, LCID locale, WORD flags,
                             DISPPARAMS *parameters, VARIANT *result, EXCEPINFO *exception, UINT *argument)
{
    struct sink *own = (struct sink *)this;
    (void)iid; (void)locale; (void)flags; (void)parameters; (void)result; (void)exception; (void)argument;
    if (id != 1024 && id != 1025) return S_OK;
    EnterCriticalSection(&lock);
    /* The events are OnSignout and OnSignin, in turn. */
    if (!fault[0] && id != (own->begun % 2 ? 1024 : 1025))
        snprintf(fault, sizeof fault, "connection %d got event %ld in place %ld", (int)(own - sinks), id, own->begun);
    for (int i = 0; i < CONNECTIONS; i++)
        if (!fault[0] && sinks[i].returned < own->begun)
            snprintf(fault, sizeof fault, "connection %d got event %ld while connection %d had returned from %ld", (int)(own - sinks), own->begun, i, sinks[i].returned);
    own->begun++;
    LeaveCriticalSection(&lock);
    /* Another event could overtake here. */
    for (long i = 0; i < own->begun % 7; i++) SwitchToThread();
    EnterCriticalSection(&lock);
    own->returned++;
    LeaveCriticalSection(&lock);
    WakeAllConditionVariable(&changed);
    return S_OK;
}
static IDispatchVtbl table = {query, reference, reference, (void *)none, (void *)none, (void *)none, invoke};

int main(int argc, char **argv)
{
    IMessenger3 *messenger;
    IConnectionPointContainer *container;
    IConnectionPoint *point;
    HRESULT hr;
    int pairs = argc > 1 ? atoi(argv[1]) : 100;
    InitializeCriticalSection(&lock);
    CoInitializeEx(NULL, COINIT_MULTITHREADED);
    hr = CoCreateInstance(&CLSID_Messenger, NULL, CLSCTX_LOCAL_SERVER, &IID_IMessenger3, (void **)&messenger);
    if (FAILED(hr)) { printf("create 0x%08lX\n", hr); return 1; }
    hr = IMessenger3_QueryInterface(messenger, &IID_IConnectionPointContainer, (void **)&container);
    if (SUCCEEDED(hr)) hr = IConnectionPointContainer_FindConnectionPoint(container, &DIID_DMessengerEvents, &point);
    for (int i = 0; i < CONNECTIONS && SUCCEEDED(hr); i++) {
        DWORD cookie;
        sinks[i].table = &table;
        hr = IConnectionPoint_Advise(point, (IUnknown *)&sinks[i], &cookie);
    }
    if (FAILED(hr)) { printf("subscribe 0x%08lX\n", hr); return 1; }
    for (int done = BURST; done <= pairs; done += BURST) {
        for (int i = 0; i < BURST; i++) {
            hr = IMessenger3_Signout(messenger);
            if (SUCCEEDED(hr)) hr = IMessenger3_AutoSignin(messenger);
            if (FAILED(hr)) { printf("pair 0x%08lX\n", hr); return 1; }
        }
        EnterCriticalSection(&lock);
        for (int i = 0; i < CONNECTIONS; i++)
            while (!fault[0] && sinks[i].returned < 2 * done) SleepConditionVariableCS(&changed, &lock, INFINITE);
        LeaveCriticalSection(&lock);
        if (fault[0]) { printf("%s\n", fault); return 1; }
        if (done % 100 == 0) { printf("in order %d\n", done); fflush(stdout); }
    }
    return 0;
}
