using System;
using System.Runtime.InteropServices;
using CommunicatorAPI;

static class Article
{
    private static Messenger _messenger;
    private static bool _signedIn = false;

    static void Main(string[] args)
    {
        if (IsCommunicatorRunning())
        {
            _messenger = new Messenger();

            _messenger.OnAppShutdown += new DMessengerEvents_OnAppShutdownEventHandler(_messenger_OnAppShutdown);
            _messenger.OnSignin += new DMessengerEvents_OnSigninEventHandler(_messenger_OnSignin);
            _messenger.OnSignout += new DMessengerEvents_OnSignoutEventHandler(_messenger_OnSignout);

            if ((_messenger.MyStatus & MISTATUS.MISTATUS_ONLINE) == MISTATUS.MISTATUS_ONLINE)
            {
                _signedIn = true;
            }
            else
            {
                _signedIn = false;
            }

            Console.WriteLine("signed in: " + _signedIn);
            Console.WriteLine("Press Enter key to exit the application.");
            Console.ReadLine();

            _messenger.OnAppShutdown -= new DMessengerEvents_OnAppShutdownEventHandler(_messenger_OnAppShutdown);
            _messenger.OnSignin -= new DMessengerEvents_OnSigninEventHandler(_messenger_OnSignin);
            _messenger.OnSignout -= new DMessengerEvents_OnSignoutEventHandler(_messenger_OnSignout);

            Marshal.ReleaseComObject(_messenger);
            _messenger = null;
        }
    }

    static bool IsCommunicatorRunning()
    {
        return Convert.ToInt32(Microsoft.Win32.Registry.CurrentUser
                        .OpenSubKey("Software").OpenSubKey("IM Providers")
                        .OpenSubKey("Communicator").GetValue("UpAndRunning", 1)) == 2;
    }

    static void _messenger_OnSignout()
    {
        _signedIn = false;
        Console.WriteLine("OnSignout, signed in: " + _signedIn);
    }

    static void _messenger_OnSignin(int hr)
    {
        if (hr == 0)
        {
            _signedIn = true;
        }
        Console.WriteLine("OnSignin {0:X8}, signed in: {1}", hr, _signedIn);
    }

    static void _messenger_OnAppShutdown()
    {
        Console.WriteLine("OnAppShutdown");
    }
}
