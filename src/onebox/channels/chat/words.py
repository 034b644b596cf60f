"""What the page says of itself, in the languages that an account may be set to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Language = Literal["ar", "de", "en", "es", "fr", "pt"]
RIGHT_TO_LEFT = frozenset({"ar"})


@dataclass(frozen=True, slots=True)
class Words:
    """One language's."""

    you: str
    write: str
    attach: str
    send: str
    choose: str
    typing: str
    refresh: str
    lost: str
    refused: str
    back: str


WORDS: Mapping[Language, Words] = {
    "ar": Words(
        you="أنت",
        write="رسالتك",
        attach="إرفاق ملف",
        send="إرسال",
        choose="اختر",
        typing="تتم الكتابة الآن…",
        refresh="عرض الرسائل الجديدة",
        lost="انقطع الاتصال، وستتم المحاولة مجددًا.",
        refused="لم يتم الإرسال.",
        back="العودة إلى المحادثة",
    ),
    "de": Words(
        you="Sie",
        write="Ihre Nachricht",
        attach="Datei anhängen",
        send="Senden",
        choose="Bitte wählen",
        typing="schreibt gerade …",
        refresh="Neues anzeigen",
        lost="Die Verbindung ist weg, sie wird gleich neu versucht.",
        refused="Das wurde nicht gesendet.",
        back="Zurück zum Gespräch",
    ),
    "en": Words(
        you="You",
        write="Your message",
        attach="Attach a file",
        send="Send",
        choose="Please choose",
        typing="is typing …",
        refresh="Show what is new",
        lost="The connection is lost; it is tried again.",
        refused="This was not sent.",
        back="Back to the chat",
    ),
    "es": Words(
        you="Usted",
        write="Su mensaje",
        attach="Adjuntar un archivo",
        send="Enviar",
        choose="Por favor, elija",
        typing="está escribiendo…",
        refresh="Mostrar lo nuevo",
        lost="Se perdió la conexión; se intenta de nuevo.",
        refused="No se ha enviado.",
        back="Volver al chat",
    ),
    "fr": Words(
        you="Vous",
        write="Votre message",
        attach="Joindre un fichier",
        send="Envoyer",
        choose="Veuillez choisir",
        typing="est en train d'écrire…",
        refresh="Afficher les nouveautés",
        lost="La connexion est perdue ; nouvel essai en cours.",
        refused="Le message n'a pas été envoyé.",
        back="Retour à la discussion",
    ),
    "pt": Words(
        you="Você",
        write="A sua mensagem",
        attach="Anexar um ficheiro",
        send="Enviar",
        choose="Por favor, escolha",
        typing="está a escrever…",
        refresh="Mostrar as novidades",
        lost="A ligação caiu; vai ser tentada de novo.",
        refused="Não foi enviado.",
        back="Voltar à conversa",
    ),
}
