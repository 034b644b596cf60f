## Beginning

greeting = Guten Tag und herzlich willkommen! Hier können Sie einen Termin buchen, verschieben oder absagen. Was dürfen wir für Sie tun?
choose-language = In welcher Sprache dürfen wir Ihnen schreiben?
language-kept = Gern, wir schreiben Ihnen auf Deutsch.

## What, with whom, when

choose-service = Was wünschen Sie?
service-line = { $service }: { LENGTH($length) }, { MONEY($price) }
another-service = Möchten Sie beim selben Besuch noch etwas dazunehmen?
choose-staff = Zu wem möchten Sie kommen?
choose-day = Welcher Tag passt Ihnen? Wählen Sie einen aus oder schreiben Sie einfach, zum Beispiel „morgen nach 17 Uhr“.
choose-time = { DAY($day) }: Welche Uhrzeit passt Ihnen?
free-times = { DAY($day) }: { $count ->
    [one] ein Termin ist frei
   *[other] { $count } Termine sind frei
}
which-meant = Welchen Termin meinen Sie?
time-has-passed = Diese Zeit ist schon vorbei. Welche andere passt Ihnen?
too-soon = Das ist für uns zu kurzfristig: Bitte wählen Sie eine Zeit ab { DAY($start) }, { TIME($start) } Uhr.
too-far = So weit im Voraus nehmen wir noch keine Termine an. Der letzte Tag: { DAY($day) }.
closed-then = Zu dieser Zeit haben wir geschlossen.
nothing-free = Da ist leider nichts frei. Möchten Sie einen anderen Tag, oder dürfen wir Sie auf die Warteliste setzen?
taken-meanwhile = Dieser Termin wurde gerade vergeben, das tut uns leid. Das sind die nächsten freien Zeiten:
nearest = Das sind die nächsten freien Zeiten:

## Who, and is it right

ask-name = Auf welchen Namen dürfen wir den Termin eintragen?
ask-phone = Unter welcher Telefonnummer erreichen wir Sie, falls sich etwas ändert? Bitte mit Ländervorwahl.
phone-not-understood = Diese Nummer konnten wir nicht lesen. Bitte schreiben Sie sie so: { $example }
summary =
    Stimmt alles?
    { $service }
    bei { $staff }
    { DAY($start) }, { TIME($start) } Uhr
    { LENGTH($length) }, { MONEY($price) }
held-until = Wir halten Ihnen diesen Termin bis { TIME($until) } Uhr frei.
hold-ended = Wir konnten den Termin nicht länger freihalten. Möchten Sie neu wählen?

## Booked, moved, cancelled

booked = Ihr Termin ist gebucht: { $service } bei { $staff }, { DAY($start) }, { TIME($start) } Uhr. Wir freuen uns auf Sie!
moved = Ihr Termin ist verschoben: { $service } bei { $staff }, { DAY($start) }, { TIME($start) } Uhr.
cancelled = Ihr Termin ist abgesagt: { $service }, { DAY($start) }, { TIME($start) } Uhr. Wir freuen uns auf ein anderes Mal.
my-appointments = { $count ->
    [one] Sie haben einen Termin:
   *[other] Sie haben { $count } Termine:
}
no-appointments = Sie haben keine Termine.
appointment-line = { DAY($start) }, { TIME($start) } Uhr: { $service } bei { $staff }
choose-appointment = Um welchen Termin geht es?
really-cancel = Möchten Sie wirklich absagen? { $service }, { DAY($start) }, { TIME($start) } Uhr
kept = Gut, es bleibt alles, wie es war.
policy-cancellation = Sie können einen Termin selbst absagen oder verschieben. Frist vor Beginn: { LENGTH($window) }.
too-late-to-cancel = Ihr Termin ist schon sehr nah (Frist: { LENGTH($window) }). Bitte sprechen Sie uns an.
not-possible = Das geht leider nicht mehr: Dieser Termin ist vorbei oder abgesagt.

## Reminders

reminder-day = Wir erinnern Sie an Ihren Termin: { $service } bei { $staff }, { DAY($start) }, { TIME($start) } Uhr. Kommen Sie?
reminder-soon = Bis gleich! { $service } bei { $staff }, heute, { TIME($start) } Uhr.
nudge = Wir haben noch nichts von Ihnen gehört: Kommen Sie? { DAY($start) }, { TIME($start) } Uhr
thanks-confirmed = Vielen Dank, wir freuen uns auf Sie!

## Waiting list

waitlist-joined = Sie stehen auf der Warteliste. { $count ->
    [0] Sie sind als Nächstes an der Reihe, und wir schreiben Ihnen, sobald etwas frei wird.
    [one] Vor Ihnen ist noch eine Person, und wir schreiben Ihnen, sobald Sie an der Reihe sind.
   *[other] Vor Ihnen sind noch { $count } Personen, und wir schreiben Ihnen, sobald Sie an der Reihe sind.
}
waitlist-offer = Für Sie ist ein Termin frei: { $service } bei { $staff }, { DAY($start) }, { TIME($start) } Uhr. Wir halten ihn Ihnen bis { TIME($until) } Uhr frei.
waitlist-taken = Wunderbar, der Termin gehört Ihnen: { $service } bei { $staff }, { DAY($start) }, { TIME($start) } Uhr.
waitlist-expired = Wir konnten den Termin nicht länger freihalten. Sie stehen weiter auf der Warteliste.
waitlist-left = Wir haben Sie von der Warteliste genommen.

## Payment

deposit-to-pay = Damit der Termin gebucht ist, zahlen Sie bitte bis { TIME($until) } Uhr { MONEY($deposit) } an: { $link }
price-to-pay = Damit der Termin gebucht ist, zahlen Sie bitte bis { TIME($until) } Uhr { MONEY($price) }: { $link }
pay-at-salon = Sie zahlen im Salon: { MONEY($price) }
paid = Vielen Dank, { MONEY($amount) } sind bei uns eingegangen.
payment-late = Ihre Zahlung kam an, als der Termin nicht mehr frei war. Wir überweisen Ihnen { MONEY($amount) } zurück.
refunded = { MONEY($amount) } sind auf dem Weg zurück zu Ihnen.

## Help

human-called = Wir haben unserem Team Bescheid gegeben. Es antwortet Ihnen gleich hier jemand.
not-understood = Das haben wir leider nicht verstanden. Bitte wählen Sie eine Möglichkeit aus oder rufen Sie einen Menschen.
started-again = Fangen wir noch einmal von vorn an.

## Buttons

button-book = Termin buchen
button-my-appointments = Meine Termine
button-anyone = Egal, zu wem
button-add-service = Noch etwas dazu
button-continue = Weiter
button-day = { DAY($day, form: "short") }
button-time = { TIME($start) }
button-other-day = Anderer Tag
button-other-time = Andere Uhrzeit
button-more = Mehr
button-yes = Ja
button-no = Nein
button-confirm = Bestätigen
button-move = Verschieben
button-cancel = Absagen
button-keep = Termin behalten
button-join-waitlist = Auf die Warteliste
button-leave-waitlist = Von der Liste
button-take = Ja, ich nehme ihn
button-decline = Nein, danke
button-pay = { MONEY($amount) } zahlen
button-human = Mensch rufen
button-language = Sprache
button-back = Zurück
button-start-again = Von vorn beginnen
