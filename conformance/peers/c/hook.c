/* The command of a hook: `hook.exe LOG GATE`. It appends its variables and its standard input to
 * LOG, waits while the file GATE exists, and appends `end`. */

#include <windows.h>
#include <stdio.h>

static const char *const NAMES[] = {
    "COMMUNICADO_CLIENT", "COMMUNICADO_STATUS", "COMMUNICADO_AVAILABILITY", "COMMUNICADO_ACTIVITY",
    "COMMUNICADO_REASON", "COMMUNICADO_BEFORE", "COMMUNICADO_REVISION",
};
/* A poll, because a folder announces a removed file only to its own subscribers. */
enum { POLL_MS = 10, LINE_MAX = 65536, TEXT_MAX = 256 };

/* One write, so that a reader never sees half of an entry. */
static void append(const char *log, const char *text, DWORD length)
{
    DWORD written = 0;
    HANDLE file = CreateFileA(log, FILE_APPEND_DATA, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_ALWAYS, 0, NULL);
    if (file == INVALID_HANDLE_VALUE || !WriteFile(file, text, length, &written, NULL) || written != length) ExitProcess(2);
    CloseHandle(file);
}

int main(int count, char **words)
{
    static char entry[LINE_MAX];
    DWORD used = 0, got = 0;
    size_t name;
    if (count != 3) return 64;
    for (name = 0; name < sizeof NAMES / sizeof *NAMES; name++) {
        char value[TEXT_MAX] = "";
        DWORD length;
        /* Only the error tells an empty variable from a missing one. */
        SetLastError(ERROR_SUCCESS);
        length = GetEnvironmentVariableA(NAMES[name], value, TEXT_MAX);
        if (length >= TEXT_MAX || (length == 0 && GetLastError() != ERROR_SUCCESS)) return 3;
        used += snprintf(entry + used, LINE_MAX - used, "%s|", value);
    }
    entry[used++] = '\n';
    while (used < LINE_MAX && ReadFile(GetStdHandle(STD_INPUT_HANDLE), entry + used, LINE_MAX - used, &got, NULL) && got)
        used += got;
    append(words[1], entry, used);
    while (GetFileAttributesA(words[2]) != INVALID_FILE_ATTRIBUTES) Sleep(POLL_MS);
    append(words[1], "end\n", 4);
    return 0;
}
