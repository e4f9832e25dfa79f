//! Gives `communicado.exe` what Windows wants to know of a program: its version, that it runs as
//! its user does, with long paths and in UTF-8, and the type libraries of the classes that it
//! serves.

use std::io;

/// The versions of Windows from 7 to 11 know each other's programs by these numbers (Microsoft,
/// "Application manifests").
const MANIFEST: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security><requestedPrivileges>
      <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
    </requestedPrivileges></security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <supportedOS Id="{35138b9a-5d96-4fbd-8e2d-a2440225f93a}"/>
      <supportedOS Id="{4a2f28e3-53b9-4441-ba9c-d69d4a4a6e38}"/>
      <supportedOS Id="{1f676c76-80e1-4239-95bb-83d0f6d0da78}"/>
      <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      <longPathAware xmlns="http://schemas.microsoft.com/SMI/2016/WindowsSettings">true</longPathAware>
      <activeCodePage xmlns="http://schemas.microsoft.com/SMI/2019/WindowsSettings">UTF-8</activeCodePage>
    </windowsSettings>
  </application>
</assembly>
"#;

fn main() -> io::Result<()> {
    println!("cargo::rerun-if-changed=build.rs");
    if std::env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("windows") {
        let mut resource = winresource::WindowsResource::new();
        resource.set("ProductName", "Communicado").set("FileDescription", "communicado");
        if cfg!(not(windows)) {
            resource.set_windres_path("x86_64-w64-mingw32-windres");
            resource.set_ar_path("x86_64-w64-mingw32-ar");
        }
        for (number, library) in [(1, "messenger"), (2, "office")] {
            let file = format!("../communicado-com-server/idl/{library}.tlb");
            println!("cargo::rerun-if-changed={file}");
            resource.append_rc_content(&format!("{number} TYPELIB \"{file}\""));
        }
        resource.set_manifest(MANIFEST).compile()?;
    }
    Ok(())
}
