"""Which DICOM tags could name a person, and what stands for a patient instead."""

import hashlib
import json

from pydicom.datadict import dictionary_VR, tag_for_keyword

REVEALING_VR = frozenset({"PN", "DA", "DT", "TM", "AE", "UI", "LT", "ST", "UT"})
"""Kinds of value that can name a person, place or time: names, dates and times, addresses of machines, unique ids of
things, and free text."""
# fmt: off
IDENTIFYING = frozenset([
    "AccessionNumber", "AcquisitionDeviceProcessingDescription", "AdmissionID", "AdmittingDiagnosesDescription",
    "Allergies", "BranchOfService", "CassetteID", "ContainerIdentifier", "CountryOfResidence",
    "CurrentPatientLocation", "DetectorID", "DeviceSerialNumber", "DistributionAddress", "EthnicGroup",
    "FillerOrderNumberImagingServiceRequest", "FrameOriginTimestamp", "GantryID", "GeneratorID", "ImageID",
    "InstitutionName", "InstitutionalDepartmentName", "InsurancePlanIdentification", "IssuerOfAdmissionID",
    "IssuerOfPatientID", "IssuerOfServiceEpisodeID", "MAC", "MedicalAlerts", "MedicalRecordLocator",
    "MilitaryRank", "Occupation", "OrderCallbackPhoneNumber", "OrderEntererLocation", "OtherPatientIDs",
    "PatientAddress", "PatientBirthDateInAlternativeCalendar", "PatientDeathDateInAlternativeCalendar",
    "PatientID", "PatientInstitutionResidence", "PatientReligiousPreference", "PatientState",
    "PatientTelephoneNumbers", "PatientTransportArrangements", "PerformedLocation",
    "PerformedProcedureStepDescription", "PerformedProcedureStepID", "PerformedStationName",
    "PersonTelephoneNumbers", "PlacerOrderNumberImagingServiceRequest", "PlateID", "PreMedication",
    "ProtocolName", "ReasonForStudy", "ReasonForTheRequestedProcedure", "ReferringPhysicianTelephoneNumbers",
    "RegionOfResidence", "RequestedContrastAgent", "RequestedProcedureDescription", "RequestedProcedureID",
    "RequestedProcedureLocation", "RequestingService", "ResponsibleOrganization",
    "ScheduledPatientInstitutionResidence", "ScheduledProcedureStepDescription", "ScheduledProcedureStepID",
    "ScheduledProcedureStepLocation", "ScheduledStationName", "ScheduledStudyLocation", "SeriesDescription",
    "ServiceEpisodeDescription", "ServiceEpisodeID", "SmokingStatus", "SourceSerialNumber", "SpecialNeeds",
    "StationName", "StudyDescription", "StudyID", "StudyIDIssuer", "StudyStatusID", "XRaySourceID",
])
"""The common ones of the basic profile that have another kind of value. Age, sex, size and weight are not among them:
they are kept only where a field or an attribute names them.

Source: DICOM PS3.15, table E.1-1.
"""
# fmt: on
PSEUDONYM = 16
"""Hexadecimal digits of a pseudonym."""


def is_keyword(column: str) -> bool:
    """Return whether this is the keyword of a standard DICOM tag."""
    return tag_for_keyword(column) is not None


def is_identifying(keyword: str) -> bool:
    """Return whether the value of this tag could name a person, so that it is left out.

    Examples
    --------
    >>> is_identifying("PatientName"), is_identifying("PatientAge")
    (True, False)
    """
    tag = tag_for_keyword(keyword)
    if tag is None or keyword.endswith("ClassUID"):
        return False
    return keyword in IDENTIFYING or dictionary_VR(tag) in REVEALING_VR


def pseudonym(workspace: str, seed: int, purpose: str, value: str) -> str:
    """Return what stands for a patient or picture: the start of sha256 over the JSON array of all arguments.

    The same in each import of the workspace, another in another workspace. It hides the value from a reader, not from
    somebody who has a list of all possible values and the workspace file.
    """
    text = json.dumps([workspace, seed, purpose, value], ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:PSEUDONYM]
