// The interop assembly of Communicator's type library: the members and events that these programs
// use, as tlbimp.exe of the .NET Framework SDK declares them. An event has one connection per `+=`.
//
// A COM interface has the members of its bases again, in vtable order.

using System;
using System.Collections;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.InteropServices.ComTypes;

namespace CommunicatorAPI
{
    [Flags]
    public enum MISTATUS
    {
        MISTATUS_UNKNOWN = 0,
        MISTATUS_OFFLINE = 1,
        MISTATUS_ONLINE = 2,
        MISTATUS_BUSY = 0x0A,
        MISTATUS_AWAY = 0x22
    }

    [ComImport, Guid("D50C3386-0F89-48F8-B204-3604629DEE10")]
    public interface IMessenger3
    {
        [DispId(1283)] object Window { [return: MarshalAs(UnmanagedType.IDispatch)] get; }
        [DispId(1285)] void ViewProfile(object vContact);
        [DispId(1280)] string ReceiveFileDirectory { get; }
        [DispId(1281)] [return: MarshalAs(UnmanagedType.IDispatch)] object StartVoice(object vContact);
        [DispId(1295)] [return: MarshalAs(UnmanagedType.IDispatch)] object InviteApp(object vContact, string bstrAppID);
        [DispId(1298)] void SendMail(object vContact);
        [DispId(1293)] void OpenInbox();
        [DispId(1292)] [return: MarshalAs(UnmanagedType.IDispatch)] object SendFile(object vContact, string bstrFileName);
        [DispId(1291)] void Signout();
        [DispId(1297)] void Signin(int hwndParent, string bstrSigninName, string bstrPassword);
        [DispId(1286)] [return: MarshalAs(UnmanagedType.IDispatch)] object GetContact(string bstrSigninName, string bstrServiceId);
        [DispId(1287)] void OptionsPages(int hwndParent, int MOPTIONPAGE);
        [DispId(1288)] void AddContact(int hwndParent, string bstrEMail);
        [DispId(1289)] void FindContact(int hwndParent, string bstrFirstName, string bstrLastName, object vbstrCity, object vbstrState, object vbstrCountry);
        [DispId(1290)] [return: MarshalAs(UnmanagedType.IDispatch)] object InstantMessage(object vContact);
        [DispId(1300)] [return: MarshalAs(UnmanagedType.IDispatch)] object Phone(object vContact, int ePhoneNumber, string bstrNumber);
        [DispId(1301)] void MediaWizard(int hwndParent);
        [DispId(1302)] [return: MarshalAs(UnmanagedType.IDispatch)] object Page(object vContact);
        [DispId(1299)] void AutoSignin();
        [DispId(1303)] object MyContacts { [return: MarshalAs(UnmanagedType.IDispatch)] get; }
        [DispId(1304)] string MySigninName { get; }
        [DispId(1282)] string MyFriendlyName { get; }
        // The type library has the setter before the getter.
        [DispId(1305)] MISTATUS MyStatus { set; get; }
        [DispId(1284)] int get_UnreadEmailCount(int mFolder);
        [DispId(1294)] string MyServiceName { get; }
        [DispId(1296)] string get_MyPhoneNumber(int PhoneType);
        [DispId(1306)] object get_MyProperty(int ePropType);
        [DispId(1306)] void set_MyProperty(int ePropType, object value);
        [DispId(1307)] string MyServiceId { get; }
        [DispId(1308)] object Services { [return: MarshalAs(UnmanagedType.IDispatch)] get; }
        [DispId(1313)] int ContactsSortOrder { get; set; }
        [DispId(1310)] [return: MarshalAs(UnmanagedType.IDispatch)] object StartVideo(object vContact);
        [DispId(1311)] object MyGroups { [return: MarshalAs(UnmanagedType.IDispatch)] get; }
        [DispId(1312)] [return: MarshalAs(UnmanagedType.IDispatch)] object CreateGroup(string bstrName, object vService);
        [DispId(1314)] object get_Property(int ePropType);
        [DispId(1314)] void set_Property(int ePropType, object value);
    }

    [ComImport, Guid("53A5023D-6872-454A-9A4F-827F18CFBE02")]
    public interface IMessengerContactResolution
    {
        [DispId(0x60020000)] string ResolveContact(int AddressType, int ResolutionType, string bstrAddress);
    }

    [ComImport, Guid("E7479A0F-BB19-44A5-968F-6F41D93EE0BC")]
    public interface IMessengerContact
    {
        [DispId(1536)] string FriendlyName { get; }
        [DispId(1537)] MISTATUS Status { get; }
        [DispId(1538)] string SigninName { get; }
        [DispId(1539)] string ServiceName { get; }
        [DispId(1540)] bool Blocked { [return: MarshalAs(UnmanagedType.VariantBool)] get; [param: MarshalAs(UnmanagedType.VariantBool)] set; }
        [DispId(1543)] bool CanPage { [return: MarshalAs(UnmanagedType.VariantBool)] get; }
        [DispId(1544)] string get_PhoneNumber(int PhoneType);
        [DispId(1541)] bool IsSelf { [return: MarshalAs(UnmanagedType.VariantBool)] get; }
    }

    [ComImport, Guid("2E50547C-A8AA-4F60-B57E-1F414711007B")]
    public interface IMessengerService
    {
        [DispId(2178)] string ServiceName { get; }
        [DispId(2183)] string ServiceId { get; }
        [DispId(2179)] string MyFriendlyName { get; }
        [DispId(2181)] MISTATUS MyStatus { get; }
        [DispId(2184)] string MySigninName { get; }
    }

    [ComImport, Guid("2E50547B-A8AA-4F60-B57E-1F414711007B")]
    public interface IMessengerServices : IEnumerable
    {
        [DispId(2176)] object PrimaryService { [return: MarshalAs(UnmanagedType.IDispatch)] get; }
        [DispId(2177)] int Count { get; }
        [DispId(0)] [return: MarshalAs(UnmanagedType.IDispatch)] object Item(int Index);
        [DispId(-4)] [return: MarshalAs(UnmanagedType.CustomMarshaler, MarshalType = "", MarshalTypeRef = typeof(EnumeratorMarshaler))] new IEnumerator GetEnumerator();
    }

    // The runtime's own marshaler of enumerators, which programs cannot name, converts in the same
    // way.
    public sealed class EnumeratorMarshaler : ICustomMarshaler
    {
        public static ICustomMarshaler GetInstance(string cookie) { return new EnumeratorMarshaler(); }
        public object MarshalNativeToManaged(IntPtr native) { return new VariantEnumerator((IEnumVARIANT)Marshal.GetObjectForIUnknown(native)); }
        public IntPtr MarshalManagedToNative(object managed) { throw new NotSupportedException(); }
        public void CleanUpManagedData(object managed) { }
        public void CleanUpNativeData(IntPtr native) { Marshal.Release(native); }
        public int GetNativeDataSize() { return -1; }
    }

    sealed class VariantEnumerator : IEnumerator
    {
        readonly IEnumVARIANT variants;
        readonly object[] current = new object[1];
        public VariantEnumerator(IEnumVARIANT variants) { this.variants = variants; }
        public object Current { get { return current[0]; } }
        public bool MoveNext() { return variants.Next(1, current, IntPtr.Zero) == 0; }
        public void Reset() { variants.Reset(); }
    }

    [ComImport, Guid("C9A6A6B6-9BC1-43A5-B06B-E58874EEBC96"), InterfaceType(ComInterfaceType.InterfaceIsIDispatch)]
    public interface DMessengerEvents
    {
        [PreserveSig, DispId(1024)] void OnSignin(int hr);
        [PreserveSig, DispId(1025)] void OnSignout();
        [PreserveSig, DispId(1031)] void OnMyStatusChange(int hr, MISTATUS mMyStatus);
        [PreserveSig, DispId(1032)] void OnAppShutdown();
    }

    public delegate void DMessengerEvents_OnSigninEventHandler(int hr);
    public delegate void DMessengerEvents_OnSignoutEventHandler();
    public delegate void DMessengerEvents_OnMyStatusChangeEventHandler(int hr, MISTATUS mMyStatus);
    public delegate void DMessengerEvents_OnAppShutdownEventHandler();

    [ComEventInterface(typeof(DMessengerEvents), typeof(DMessengerEvents_EventProvider))]
    public interface DMessengerEvents_Event
    {
        event DMessengerEvents_OnSigninEventHandler OnSignin;
        event DMessengerEvents_OnSignoutEventHandler OnSignout;
        event DMessengerEvents_OnMyStatusChangeEventHandler OnMyStatusChange;
        event DMessengerEvents_OnAppShutdownEventHandler OnAppShutdown;
    }

    [ComImport, Guid("D50C3386-0F89-48F8-B204-3604629DEE10"), CoClass(typeof(MessengerClass))]
    public interface Messenger : IMessenger3, DMessengerEvents_Event
    {
    }

    [ComImport, Guid("8885370D-B33E-44B7-875D-28E403CF9270"), ClassInterface(ClassInterfaceType.None)]
    public class MessengerClass
    {
    }

    // One handler of one event: tlbimp's sink.
    [ClassInterface(ClassInterfaceType.None)]
    public sealed class DMessengerEvents_SinkHelper : DMessengerEvents
    {
        public Delegate Handler;
        public int Cookie;

        public void OnSignin(int hr) { if (Handler is DMessengerEvents_OnSigninEventHandler h) h(hr); }
        public void OnSignout() { if (Handler is DMessengerEvents_OnSignoutEventHandler h) h(); }
        public void OnMyStatusChange(int hr, MISTATUS status) { if (Handler is DMessengerEvents_OnMyStatusChangeEventHandler h) h(hr, status); }
        public void OnAppShutdown() { if (Handler is DMessengerEvents_OnAppShutdownEventHandler h) h(); }
    }

    // tlbimp's event provider.
    sealed class DMessengerEvents_EventProvider : DMessengerEvents_Event
    {
        readonly IConnectionPointContainer container;
        readonly ArrayList sinks = new ArrayList();
        IConnectionPoint point;

        public DMessengerEvents_EventProvider(object source) { container = (IConnectionPointContainer)source; }

        public event DMessengerEvents_OnSigninEventHandler OnSignin { add { Add(value); } remove { Remove(value); } }
        public event DMessengerEvents_OnSignoutEventHandler OnSignout { add { Add(value); } remove { Remove(value); } }
        public event DMessengerEvents_OnMyStatusChangeEventHandler OnMyStatusChange { add { Add(value); } remove { Remove(value); } }
        public event DMessengerEvents_OnAppShutdownEventHandler OnAppShutdown { add { Add(value); } remove { Remove(value); } }

        void Add(Delegate handler)
        {
            lock (sinks)
            {
                if (point == null)
                {
                    Guid id = typeof(DMessengerEvents).GUID;
                    container.FindConnectionPoint(ref id, out point);
                }
                var sink = new DMessengerEvents_SinkHelper { Handler = handler };
                point.Advise(sink, out sink.Cookie);
                sinks.Add(sink);
            }
        }

        void Remove(Delegate handler)
        {
            lock (sinks)
            {
                for (int i = 0; i < sinks.Count; i++)
                {
                    var sink = (DMessengerEvents_SinkHelper)sinks[i];
                    if (!sink.Handler.Equals(handler)) continue;
                    point.Unadvise(sink.Cookie);
                    sinks.RemoveAt(i);
                    if (sinks.Count == 0)
                    {
                        Marshal.ReleaseComObject(point);
                        point = null;
                    }
                    return;
                }
            }
        }
    }
}
