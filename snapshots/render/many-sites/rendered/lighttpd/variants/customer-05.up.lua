do -- fence variant=up generation=0 site=customer-05 (generated, do not edit)
end
