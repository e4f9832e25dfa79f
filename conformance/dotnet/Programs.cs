// Programs in C# that use Communicator's classes. The first argument selects one.

using System;
using System.Collections;
using System.Collections.Generic;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.ComTypes;
using System.Threading;
using CommunicatorAPI;

static class Programs
{
    static int Main(string[] args)
    {
        switch (args[0])
        {
            case "create": return Create(() => new Messenger());
            case "prog-id": return Create(() => Activator.CreateInstance(Type.GetTypeFromProgID("Communicator.UIAutomation", true)));
            case "walk": return Walk();
            case "follow": return Follow();
            case "late": return LateBound.Run();
            case "order": return Order.Run(int.Parse(args[1]));
            case "release": return Release(int.Parse(args[1]));
            case "leave": return Leave();
            case "listen": return Listen(int.Parse(args[1]));
            case "repeat": return Repeat(args[1]);
            case "control": return Control();
            case "pump": return SingleThreaded.Run();
        }
        return 2;
    }

    // The text of a call's result: its value, or the code of its COMException.
    static void Say(string what, Func<object> call)
    {
        object value;
        try { value = call(); }
        catch (COMException e) { value = e.HResult.ToString("X8"); }
        catch (ArgumentException e) { value = e.HResult.ToString("X8"); }
        catch (NotImplementedException e) { value = e.HResult.ToString("X8"); }
        Console.WriteLine(what + " " + value);
    }

    static int Create(Func<object> create)
    {
        try
        {
            var messenger = (IMessenger3)create();
            Say("MyStatus", () => messenger.MyStatus);
            Say("MySigninName", () => messenger.MySigninName);
        }
        catch (COMException e) { Console.WriteLine(e.Message); }
        return 0;
    }

    static int Walk()
    {
        var messenger = new Messenger();
        Say("MyStatus", () => messenger.MyStatus);
        Say("MySigninName", () => messenger.MySigninName);
        Say("MyFriendlyName", () => messenger.MyFriendlyName);
        Say("put MyStatus", () => messenger.MyStatus = MISTATUS.MISTATUS_AWAY);
        Say("MyStatus", () => messenger.MyStatus);
        Say("Window", () => messenger.Window);
        var services = (IMessengerServices)messenger.Services;
        Say("Services.Count", () => services.Count);
        foreach (IMessengerService service in services)
        {
            Say("Service", () => service.ServiceName + ", " + service.MyStatus + ", " + service.MySigninName);
        }
        var contact = (IMessengerContact)messenger.GetContact("ALICE@uc.test", messenger.MyServiceId);
        Say("Contact", () => contact.FriendlyName + ", " + contact.Status + ", " + contact.IsSelf);
        Say("GetContact of a stranger", () => messenger.GetContact("bob@uc.test", ""));
        var resolution = (IMessengerContactResolution)messenger;
        Say("ResolveContact", () => resolution.ResolveContact(1, 2, "alice@uc.test"));
        Say("AutoSignin", () => { messenger.AutoSignin(); return "done"; });
        Say("Signout", () => { messenger.Signout(); return "done"; });
        Say("MyStatus", () => messenger.MyStatus);
        Say("MySigninName", () => messenger.MySigninName);
        return 0;
    }

    // Prints each event, and after each line of input the status. The end of the input ends it.
    static int Follow()
    {
        var messenger = new Messenger();
        messenger.OnSignin += hr => Console.WriteLine("OnSignin {0:X8}", hr);
        messenger.OnSignout += () => Console.WriteLine("OnSignout");
        messenger.OnMyStatusChange += (hr, status) => Console.WriteLine("OnMyStatusChange {0}", status);
        messenger.OnAppShutdown += () => Console.WriteLine("OnAppShutdown");
        Say("MyStatus", () => messenger.MyStatus);
        while (Console.ReadLine() != null)
        {
            Say("MyStatus", () => messenger.MyStatus);
        }
        return 0;
    }

    // Calls a program's Main after each empty line of input, with the variables of a new process.
    // Both read the same input.
    static int Repeat(string program)
    {
        MethodInfo main = Assembly.LoadFrom(AppContext.BaseDirectory + program).EntryPoint;
        FieldInfo[] variables = main.DeclaringType.GetFields(BindingFlags.Static | BindingFlags.NonPublic);
        string command;
        while ((command = Console.ReadLine()) != null)
        {
            foreach (FieldInfo variable in variables) variable.SetValue(null, null);
            if (command == "connect")
            {
                Marshal.FinalReleaseComObject(Connect());
                Console.WriteLine("done connect");
                continue;
            }
            try
            {
                main.Invoke(null, new object[] { new string[0] });
                Console.WriteLine("returned");
            }
            catch (TargetInvocationException e) { Console.WriteLine("threw " + e.InnerException.HResult.ToString("X8")); }
        }
        return 0;
    }

    // Controls the provider by its own object: one command in each line of input.
    static int Control()
    {
        Messenger messenger = null;
        string command;
        while ((command = Console.ReadLine()) != null)
        {
            switch (command)
            {
                case "connect":
                    messenger = null;
                    messenger = Connect();
                    break;
                case "sign-in": messenger.AutoSignin(); break;
                case "sign-out": messenger.Signout(); break;
                case "busy": messenger.MyStatus = MISTATUS.MISTATUS_BUSY; break;
                default: return 2;
            }
            Console.WriteLine("done " + command);
        }
        return 0;
    }

    // Does what a new process needs not. Wine identifies an object by a process id and a number,
    // which a later provider can have too. So no object of a former provider may remain. And calls
    // over the connection to a former process of Wine's COM service fail.
    static Messenger Connect()
    {
        for (int i = 0; i < 2; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        while (true)
        {
            try { return new Messenger(); }
            catch (COMException) { Thread.Sleep(10); }
        }
    }

    static int Release(int count)
    {
        for (int i = 1; i <= count; i++)
        {
            var messenger = new Messenger();
            messenger.OnSignin += hr => { };
            Marshal.FinalReleaseComObject(messenger);
            if (i % 100 == 0) Console.WriteLine("released " + i);
        }
        return 0;
    }

    // Ends without `-=`, as most programs do.
    static int Leave()
    {
        var messenger = new Messenger();
        messenger.OnSignout += () => { };
        Console.WriteLine("subscribed");
        Console.ReadLine();
        Environment.Exit(0);
        return 0;
    }

    static int Listen(int count)
    {
        var kept = new List<Messenger>();
        for (int i = 0; i < count; i++)
        {
            var messenger = new Messenger();
            messenger.OnSignin += hr => { };
            messenger.OnSignout += () => { };
            messenger.OnAppShutdown += () => { };
            kept.Add(messenger);
        }
        Console.WriteLine("subscribed");
        Console.ReadLine();
        GC.KeepAlive(kept);
        return 0;
    }
}

// Three handlers, which must run in the order of the events although each has a connection.
static class Order
{
    static readonly object Lock = new object();
    static bool signedIn = true;
    static int events;
    static string fault;

    public static int Run(int pairs)
    {
        var messenger = new Messenger();
        messenger.OnSignin += hr => Check(() => !signedIn, "OnSignin", () => signedIn = true);
        messenger.OnSignout += () => Check(() => signedIn, "OnSignout", () => signedIn = false);
        messenger.OnMyStatusChange += (hr, status) =>
        {
            if (status == MISTATUS.MISTATUS_OFFLINE) Check(() => !signedIn, "OFFLINE", null);
            if (status == MISTATUS.MISTATUS_ONLINE) Check(() => signedIn, "ONLINE", null);
        };
        // The provider keeps 256 events for each connection, and a pair has at most 7.
        const int Burst = 20;
        for (int done = 0; done < pairs; done += Burst)
        {
            for (int i = 0; i < Burst; i++)
            {
                messenger.Signout();
                messenger.AutoSignin();
            }
            lock (Lock)
            {
                while (events < 2 * (done + Burst) && fault == null) Monitor.Wait(Lock);
                if (fault != null)
                {
                    Console.WriteLine(fault);
                    return 1;
                }
            }
            if ((done + Burst) % 100 == 0) Console.WriteLine("in order " + (done + Burst));
        }
        return 0;
    }

    static void Check(Func<bool> isExpected, string what, Action act)
    {
        lock (Lock)
        {
            if (!isExpected() && fault == null) fault = what + " is out of order after " + events + " events";
            if (act != null)
            {
                act();
                events++;
            }
            Monitor.PulseAll(Lock);
        }
    }
}

// A program without an interop assembly, by names.
public static class LateBound
{
    [ClassInterface(ClassInterfaceType.None)]
    public sealed class Sink : DMessengerEvents
    {
        public void OnSignin(int hr) { Console.WriteLine("OnSignin {0:X8}", hr); }
        public void OnSignout() { Console.WriteLine("OnSignout"); }
        public void OnMyStatusChange(int hr, MISTATUS status) { Console.WriteLine("OnMyStatusChange {0}", (int)status); }
        public void OnAppShutdown() { Console.WriteLine("OnAppShutdown"); }
    }

    public static int Run()
    {
        Type type = Type.GetTypeFromProgID("Communicator.UIAutomation", true);
        object messenger = Activator.CreateInstance(type);
        Guid id = typeof(DMessengerEvents).GUID;
        ((IConnectionPointContainer)messenger).FindConnectionPoint(ref id, out IConnectionPoint point);
        point.Advise(new Sink(), out int cookie);
        Console.WriteLine("MySigninName " + Get(messenger, "MySigninName"));
        Console.WriteLine("MyStatus " + Get(messenger, "MyStatus"));
        messenger.GetType().InvokeMember("MyStatus", BindingFlags.SetProperty, null, messenger, new object[] { 0x0A });
        messenger.GetType().InvokeMember("Signout", BindingFlags.InvokeMethod, null, messenger, null);
        Console.ReadLine();
        Console.WriteLine("MySigninName " + Get(messenger, "MySigninName"));
        point.Unadvise(cookie);
        Marshal.ReleaseComObject(messenger);
        return 0;
    }

    static object Get(object target, string name)
    {
        try { return target.GetType().InvokeMember(name, BindingFlags.GetProperty, null, target, null); }
        catch (TargetInvocationException e) { return e.InnerException.HResult.ToString("X8") + " " + e.InnerException.Message; }
    }
}

// A thread with a message pump, as Windows Forms has.
static class SingleThreaded
{
    [StructLayout(LayoutKind.Sequential)]
    struct Message { public IntPtr Window; public uint Id; public IntPtr W, L; public uint Time; public int X, Y; public uint Rest; }

    [DllImport("user32.dll")] static extern int GetMessageW(out Message message, IntPtr window, uint first, uint last);
    [DllImport("user32.dll")] static extern IntPtr DispatchMessageW(ref Message message);

    public static int Run()
    {
        var thread = new Thread(Pump);
        thread.SetApartmentState(ApartmentState.STA);
        thread.Start();
        thread.Join();
        return 0;
    }

    static void Pump()
    {
        int own = Thread.CurrentThread.ManagedThreadId;
        bool ends = false;
        Action<string> say = what => Console.WriteLine(what + (Thread.CurrentThread.ManagedThreadId == own ? " on its thread" : " on another thread"));
        var messenger = new Messenger();
        messenger.OnSignin += hr => say("OnSignin");
        messenger.OnSignout += () => say("OnSignout");
        messenger.OnAppShutdown += () => { say("OnAppShutdown"); ends = true; };
        Console.WriteLine("pumps");
        while (!ends && GetMessageW(out Message message, IntPtr.Zero, 0, 0) > 0) DispatchMessageW(ref message);
    }
}
