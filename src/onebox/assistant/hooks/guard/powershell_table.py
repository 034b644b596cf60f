"""Which cmdlet takes what: its other names, its parameters, and what each of them is.

Per line: the cmdlet and its aliases, `|`, what it does and what comes in by a pipe, `|`, the parameters that take a value,
`;`, its switches. `#` marks those that are told by their position. After a colon: r reads what it names, w writes it,
d removes or moves it, n only names it, v is written, b is run; in capitals, `*` is no wildcard there.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from onebox.assistant.hooks.guard.powershell_values import Items

CMDLETS = """
get-content gc cat type | reads r | #Path:r LiteralPath:R PSPath:R LP:R ReadCount TotalCount First Head Tail Last Filter Include Exclude Delimiter Encoding Stream Credential; Raw Wait Force AsByteStream
set-content sc | writes v | #Path:w #Value:v LiteralPath:W PSPath:W LP:W Filter Include Exclude Encoding Stream Credential; PassThru Force NoNewline AsByteStream
add-content ac | writes v | #Path:w #Value:v LiteralPath:W PSPath:W LP:W Filter Include Exclude Encoding Stream Credential; PassThru Force NoNewline AsByteStream
clear-content clc | writes w | #Path:w LiteralPath:W PSPath:W LP:W Filter Include Exclude Stream; Force
clear-item cli | writes w | #Path:w LiteralPath:W PSPath:W LP:W Filter Include Exclude; Force
out-file | writes v | #FilePath:w #Encoding LiteralPath:W PSPath:W LP:W Width InputObject:v; Append Force NoClobber NoNewline
tee-object tee | writes v | #FilePath:w LiteralPath:W PSPath:W LP:W Variable Encoding InputObject:v; Append
export-csv epcsv | writes v | #Path:w #Delimiter LiteralPath:W PSPath:W LP:W Encoding InputObject:v UseQuotes QuoteFields; Append Force NoClobber NoTypeInformation NTI IncludeTypeInformation UseCulture
export-clixml | writes v | #Path:w LiteralPath:W PSPath:W LP:W Encoding Depth InputObject:v; Force NoClobber
copy-item cp copy cpi | copies r | #Path:r #Destination LiteralPath:R PSPath:R LP:R Filter Include Exclude Credential FromSession ToSession; Container Force Recurse PassThru
move-item mv move mi | moves d | #Path:d #Destination LiteralPath:D PSPath:D LP:D Filter Include Exclude Credential; Force PassThru
rename-item ren rni | moves d | #Path:d #NewName LiteralPath:D PSPath:D LP:D Credential; Force PassThru
remove-item rm del ri erase rd rmdir | removes d | #Path:d LiteralPath:D PSPath:D LP:D Filter Include Exclude Credential Stream; Recurse Force
new-item ni | makes n | #Path Name ItemType Type Value:v Target Credential; Force
md mkdir | tells n | #Path:n Name; Force
get-item gi | names n | #Path:n LiteralPath:n PSPath:n LP:n Filter Include Exclude Stream Credential; Force
get-childitem ls dir gci | lists n | #Path:n #Filter LiteralPath:n PSPath:n LP:n Include Exclude Depth Attributes; Recurse s Force Name File Directory Hidden ReadOnly System ad af ah FollowSymlink
test-path | tells n | #Path:n LiteralPath:n PSPath:n LP:n Filter Include Exclude PathType OlderThan NewerThan; IsValid
resolve-path rvpa | names n | #Path:n LiteralPath:n PSPath:n LP:n RelativeBasePath; Relative Force
convert-path cvpa | names n | #Path:n LiteralPath:n PSPath:n LP:n
join-path | joins n | #Path #ChildPath #AdditionalChildPath; Resolve
split-path | parts n | #Path LiteralPath PSPath LP; Leaf Parent Qualifier NoQualifier Extension LeafBase IsAbsolute Resolve
get-filehash | tells n | #Path:n LiteralPath:n PSPath:n LP:n InputStream #Algorithm
get-itemproperty gp | tells n | #Path:n #Name LiteralPath:n PSPath:n LP:n Filter Include Exclude
get-itempropertyvalue gpv | tells n | #Path:n #Name LiteralPath:n PSPath:n LP:n Filter Include Exclude
set-itemproperty sp | marks n | #Path:w #Name #Value LiteralPath:W PSPath:W LP:W Filter Include Exclude Type InputObject; Force PassThru
get-acl | tells n | #Path:n LiteralPath:n PSPath:n LP:n InputObject Filter Include Exclude; Audit
set-acl | marks n | #Path:w #AclObject LiteralPath:W PSPath:W LP:W Filter Include Exclude; PassThru
unblock-file | marks n | #Path:w LiteralPath:W PSPath:W LP:W
select-string sls | searches f | #Pattern #Path:r LiteralPath:R PSPath:R LP:R InputObject Filter Include Exclude Context Encoding Culture; AllMatches CaseSensitive List NotMatch Quiet Raw SimpleMatch NoEmphasis
format-hex fhx | reads f | #Path:r LiteralPath:R PSPath:R LP:R InputObject Encoding Count Offset; Raw
import-csv ipcsv | reads r | #Path:r #Delimiter LiteralPath:R PSPath:R LP:R Header Encoding; UseCulture
import-clixml | reads r | #Path:r LiteralPath:R PSPath:R LP:R First Skip; IncludeTotalCount
import-powershelldatafile | reads r | #Path:r LiteralPath:R PSPath:R LP:R; SkipLimitCheck
import-module ipmo | reads r | #Name:r Prefix Function Cmdlet Variable Alias ArgumentList Version MinimumVersion RequiredVersion Scope; Force Global PassThru AsCustomObject DisableNameChecking NoClobber SkipEditionCheck
test-json | reads f | #Json #Path:r LiteralPath:R Schema SchemaFile:r
select-xml | reads f | #XPath #Path:r LiteralPath:R Xml Content Namespace
invoke-item ii | reads r | #Path:r LiteralPath:R PSPath:R LP:R Filter Include Exclude
get-pfxcertificate | reads r | #FilePath:r LiteralPath:R Password; NoPromptForPassword
compress-archive | packs r | #Path:r #DestinationPath:w LiteralPath:R PSPath:R LP:R CompressionLevel; Force PassThru Update
expand-archive | writes r | #Path:r #DestinationPath:w LiteralPath:R PSPath:R LP:R; Force PassThru
invoke-webrequest iwr curl wget | sends f | #Uri InFile:r OutFile:w Body Form Headers Method ContentType Credential Certificate CertificateThumbprint UserAgent WebSession SessionVariable SV TimeoutSec Proxy Authentication Token MaximumRedirection MaximumRetryCount RetryIntervalSec TransferEncoding CustomMethod HttpVersion SslProtocol; UseBasicParsing PassThru Resume SkipCertificateCheck SkipHttpErrorCheck SkipHeaderValidation DisableKeepAlive UseDefaultCredentials AllowUnencryptedAuthentication AllowInsecureRedirect PreserveAuthorizationOnRedirect NoProxy
invoke-restmethod irm | sends f | #Uri InFile:r OutFile:w Body Form Headers Method ContentType Credential Certificate CertificateThumbprint UserAgent WebSession SessionVariable SV TimeoutSec Proxy Authentication Token MaximumRedirection MaximumRetryCount RetryIntervalSec TransferEncoding CustomMethod HttpVersion SslProtocol StatusCodeVariable ResponseHeadersVariable; UseBasicParsing PassThru Resume SkipCertificateCheck SkipHttpErrorCheck SkipHeaderValidation DisableKeepAlive UseDefaultCredentials FollowRelLink
start-bitstransfer | writes r | #Source:r #Destination:w DisplayName Description TransferType Priority Credential; Asynchronous
send-mailmessage | sends f | #To #Subject #Body #SmtpServer Attachments:r From Cc Bcc Credential Port Priority Encoding; BodyAsHtml UseSsl
set-clipboard scb | sends f | #Value Path:r LiteralPath:R; Append PassThru AsOSC52
invoke-expression iex | evaluates v | #Command:v
invoke-command icm | runs f | #ScriptBlock:b FilePath:r ComputerName Session ArgumentList InputObject Credential HostName UserName KeyFilePath JobName; NoNewScope AsJob HideComputerName
start-job sajb | runs f | #ScriptBlock:b FilePath:r LiteralPath:R Name InitializationScript:b ArgumentList InputObject WorkingDirectory; RunAs32
start-threadjob | runs f | #ScriptBlock:b FilePath:r Name InitializationScript:b ArgumentList InputObject ThrottleLimit
measure-command | runs f | #Expression:b InputObject
register-objectevent | runs f | #InputObject #EventName #SourceIdentifier #Action:b MessageData
register-engineevent | runs f | #SourceIdentifier #Action:b MessageData
trace-command | runs f | #Name #Expression:b PSHost FilePath:w
foreach-object foreach % | each f | #Process:b MemberName Begin:b End:b RemainingScripts:b ArgumentList InputObject Parallel:b ThrottleLimit TimeoutSeconds; AsJob UseNewRunspace
where-object where ? | sifts f | #Property #Value FilterScript InputObject; EQ NE GT GE LT LE Like NotLike Match NotMatch Contains NotContains In NotIn Is IsNot CEQ CNE CLike CMatch CIn Not
start-process saps start | starts f | #FilePath #ArgumentList RedirectStandardInput:r RedirectStandardOutput:w RedirectStandardError:w WorkingDirectory Verb WindowStyle Credential Environment; NoNewWindow PassThru Wait UseNewEnvironment LoadUserProfile
set-location cd sl chdir | moves_to n | #Path LiteralPath PSPath LP StackName; PassThru
push-location pushd | moves_to n | #Path LiteralPath PSPath LP StackName; PassThru
pop-location popd | moves_back n | StackName; PassThru
get-location gl pwd | where_it_is n | PSProvider PSDrive Stack StackName; Stack
new-psdrive ndr mount | has_drive n | #Name #PSProvider #Root Description Scope Credential; Persist
set-variable sv set | remembers v | #Name #Value Description Option Visibility Scope; Force PassThru
new-variable nv | remembers v | #Name #Value Description Option Visibility Scope; Force PassThru
get-variable gv | recalls n | #Name Include Exclude Scope; ValueOnly
set-alias sal | calls n | #Name #Value Description Option Scope; Force PassThru
new-alias nal | calls n | #Name #Value Description Option Scope; Force PassThru
get-command gcm | echoes n | #Name Verb Noun Module CommandType TotalCount ParameterName ArgumentList; All Syntax ListImported
write-output echo write | echoes f | #InputObject; NoEnumerate
write-host | tells f | #Object Separator ForegroundColor BackgroundColor; NoNewline
out-string oss | passes f | Width InputObject; Stream NoNewline
select-object select | selects f | #Property ExcludeProperty ExpandProperty First Last Skip SkipLast Index InputObject; Unique Wait CaseInsensitive
sort-object sort | passes f | #Property Culture Top Bottom InputObject; Descending Unique CaseSensitive Stable
group-object group | passes f | #Property Culture InputObject; NoElement AsHashTable AsString CaseSensitive
new-object | news n | #TypeName #ArgumentList ComObject Property; Strict
add-type | compiles n | #TypeDefinition Path:r LiteralPath:R AssemblyName MemberDefinition Name Namespace UsingNamespace Language ReferencedAssemblies OutputAssembly OutputType; PassThru IgnoreWarnings
"""
# They take words, and open nothing.
ONLY_WORDS = """
write-warning write-error write-verbose write-debug write-information write-progress out-null out-default out-gridview
get-process gps ps stop-process kill spps get-service gsv start-service stop-service restart-service start-sleep sleep
get-date set-date get-help help man get-member gm get-alias gal get-history h history clear-host clear cls get-host
read-host get-random get-culture get-uiculture get-timezone get-computerinfo get-ciminstance gcim get-wmiobject gwmi
get-eventlog get-winevent get-psdrive gdr remove-psdrive remove-variable rv clear-variable clv get-module gmo remove-module
install-module update-module find-module install-package uninstall-module get-installedmodule get-package
set-executionpolicy get-executionpolicy set-strictmode set-psdebug get-error get-job gjb receive-job rcjb wait-job wjb
remove-job rjb stop-job test-connection test-netconnection resolve-dnsname get-netadapter get-nettcpconnection
get-netipaddress get-unique gu new-guid new-timespan convertto-securestring get-credential exit-pssession get-uptime
wait-process wait-event get-event unregister-event get-counter restart-computer get-hotfix get-localuser get-volume
get-disk get-typedata update-typedata set-psreadlineoption get-psreadlineoption get-clipboard gcb compare-object diff
new-event get-scheduledtask get-pssession describe context it should
"""
# They hand on what comes in.
HANDS_ON = """
format-table ft format-list fl format-wide fw format-custom fc convertto-json convertfrom-json convertto-csv convertfrom-csv
convertto-xml convertto-html convertfrom-stringdata convertfrom-markdown join-string measure-object measure out-host oh
"""
_COMMON = {
    **dict.fromkeys("verbose debug whatif confirm vb db wi cf".split(), False),
    **dict.fromkeys(
        "erroraction warningaction informationaction progressaction errorvariable warningvariable".split(), True
    ),
    **dict.fromkeys(
        "informationvariable outvariable outbuffer pipelinevariable ea wa ev wv ov ob pv infa iv".split(), True
    ),
}


class Cmdlet:
    """`takes`: each parameter, and whether it has a value; `roles`: what a value is; `positions`: in which order."""

    __slots__ = ("does", "flow", "name", "positions", "roles", "takes")

    def __init__(self, line: str) -> None:
        names, does, parameters = (part.strip() for part in line.split("|", 2))
        self.name = names.split()[0]
        self.does, self.flow = does.split()
        self.takes: dict[str, bool] = {}
        self.roles: dict[str, str] = {}
        self.positions: list[str] = []
        valued, _, switches = parameters.partition(";")
        for word in valued.split():
            name, _, role = word.lstrip("#").partition(":")
            self.takes[name.lower()] = True
            self.roles[name.lower()] = role
            if word.startswith("#"):
                self.positions.append(name.lower())
        for word in switches.split():
            self.takes[word.lower()] = False

    def parameter(self, name: str) -> str | None:
        """A name may be cut short, as long as it means one alone."""
        name = name.lower()
        if name in self.takes or name in _COMMON:
            return name
        meant = [
            known
            for known in {**self.takes, **_COMMON}
            if known.startswith(name) and len(known) > 2 and known != "pspath"
        ]
        return meant[0] if len(meant) == 1 else None

    def has_value(self, name: str) -> bool:
        return self.takes.get(name, _COMMON.get(name, False))


class Call:
    """A cmdlet with its values. `unknown`: options that it has not; `rest`: values that have no place."""

    __slots__ = ("cmdlet", "flow", "given", "rest", "switches", "unknown")

    def __init__(self, cmdlet: Cmdlet, words: list[tuple[str, Items | None]], flow: Items | None) -> None:
        """`words`: (name of the option, its value), (name, None), or ("", a value)."""
        self.cmdlet = cmdlet
        self.flow = flow
        self.given: dict[str, Items] = {}
        self.switches: set[str] = set()
        self.unknown: list[str] = []
        self.rest: Items = []
        loose: list[Items] = []
        waits = ""
        for option, value in words:
            if option:
                waits = self._option(option, value)
            elif waits and value is not None:
                self.given[waits] = self.given.get(waits, []) + value
                waits = ""
            elif value is not None:
                loose.append(value)
        free = [name for name in cmdlet.positions if name not in self.given]
        if {"literalpath", "pspath", "lp"} & set(self.given):
            free = [name for name in free if name not in {"path", "filepath"}]
        for value in loose:
            if free:
                self.given[free.pop(0)] = value
            else:
                self.rest += value

    def _option(self, option: str, value: Items | None) -> str:
        name = self.cmdlet.parameter(option)
        if name is None:
            self.unknown.append(option)
            self.rest += value or []
        elif not self.cmdlet.has_value(name):
            self.switches.add(name)
        elif value is None:
            return name
        else:
            self.given[name] = self.given.get(name, []) + value
        return ""

    def values(self, *names: str) -> Items:
        return [item for name in names for item in self.given.get(name, [])]

    def paths(self) -> Items:
        return self.values("path", "literalpath", "pspath", "lp")

    def has(self, name: str) -> bool:
        return name in self.switches


def cmdlet_called(name: str) -> Cmdlet | None:
    """The cmdlet of this name or alias."""
    found = re.search(rf"(?m)^(?=[^|\n]*(?<![^\s]){re.escape(name)} ).*$", CMDLETS) if name else None
    if found is not None:
        return Cmdlet(found[0])
    if name.startswith("write-"):
        return Cmdlet(f"{name} | tells f |")
    for words, does in ((ONLY_WORDS, "tells"), (HANDS_ON, "passes")):
        if f" {name} " in " " + " ".join(words.split()) + " ":
            return Cmdlet(f"{name} | {does} f |")
    return None
