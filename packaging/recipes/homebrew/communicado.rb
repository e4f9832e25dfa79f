class Communicado < Formula
  desc "Report whether a chat client runs and its user is signed in"
  homepage "HOMEPAGE"
  url "HOMEPAGE/releases/download/vVERSION/communicado-VERSION-x86_64-linux.tar.gz"
  sha256 "ARCHIVE_SUM"
  license any_of: ["MIT", "Apache-2.0"]

  depends_on arch: :x86_64
  depends_on :linux

  def install
    bin.install "bin/communicado"
    man1.install Dir["share/man/man1/*"]
    bash_completion.install "share/bash-completion/completions/communicado"
    zsh_completion.install "share/zsh/vendor-completions/_communicado"
    fish_completion.install "share/fish/vendor_completions.d/communicado.fish"
    doc.install Dir["share/doc/communicado/*"]
  end

  test do
    assert_match version.to_s, shell_output("#{bin}/communicado --version")
  end
end
