# Compares the three manifests of winget with each other and with the installer.
# Usage: winget.rb PACKAGES MANIFESTS
require "digest"
require "open3"
require "yaml"

packages, folder = ARGV
installer = Dir[File.join(packages, "*.msi")].first or abort "#{packages} has no MSI"

def expect(what, found, expected)
  abort "FAILED: #{what} is #{found.inspect}, and not #{expected.inspect}" if found != expected
end

name = "Communicado.Communicado"
manifests = { "version" => "", "installer" => ".installer", "defaultLocale" => ".locale.en-US" }
  .transform_values { |part| YAML.safe_load_file(File.join(folder, "#{name}#{part}.yaml")) }
manifests.each do |type, manifest|
  expect("the ManifestType", manifest["ManifestType"], type)
  expect("the ManifestVersion", manifest["ManifestVersion"], "1.6.0")
  expect("the PackageIdentifier", manifest["PackageIdentifier"], name)
end

table, status = Open3.capture2("msiinfo", "export", installer, "Property")
abort "FAILED: msiinfo cannot read #{installer}" unless status.success?
properties = table.lines.map { |line| line.strip.split("\t", 2) }.to_h
manifests.each_value do |manifest|
  expect("the PackageVersion", manifest["PackageVersion"], properties["ProductVersion"])
end
expect("the ProductCode", manifests["installer"]["ProductCode"], properties["ProductCode"])
file = manifests["installer"]["Installers"].first
expect("the InstallerSha256", file["InstallerSha256"], Digest::SHA256.file(installer).hexdigest)
expect("the file", File.basename(file["InstallerUrl"]), File.basename(installer))
locale = manifests["defaultLocale"]
expect("the locale", manifests["version"]["DefaultLocale"], locale["PackageLocale"])
expect("the publisher", locale["Publisher"], properties["Manufacturer"])
expect("the name", locale["PackageName"], properties["ProductName"])
